import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Components of Mantine ask for these, which the test's DOM has not.
window.matchMedia ??= (query) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    dispatchEvent: () => false,
  }) as unknown as MediaQueryList;
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
if (document.fonts === undefined) Object.defineProperty(document, "fonts", { value: new EventTarget() });

afterEach(cleanup);
