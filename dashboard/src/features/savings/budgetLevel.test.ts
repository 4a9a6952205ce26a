import { expect, it } from "vitest";
import { budgetLevel } from "./budgetLevel";

it("is within, at a level or beyond it", () => {
  expect(budgetLevel(0, [50])).toBe("within");
  expect(budgetLevel(50, [80, 50])).toBe("reached");
  expect(budgetLevel(100, [])).toBe("exceeded");
});

it("is not known where it cannot be told", () => expect(budgetLevel(null, [50])).toBe("unknown"));
