/** A text from an address; one that looks like a number or like yes and no was read as that, and is the text again. */
export const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== ""
    ? value
    : typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : undefined;

/** One of a few words; anything else is as if it was not there. */
export const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((word) => word === value);

export const flag = (value: unknown): boolean | undefined =>
  value === true || value === "true" ? true : value === false || value === "false" ? false : undefined;

export const whole = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
};

/** Words between commas, each once. */
export const words = (value: string | undefined): string[] => [
  ...new Set(
    (value ?? "")
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
];
