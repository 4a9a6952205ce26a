/** By how much less there is afterwards, in per cent; null where there was nothing before. */
export const lessPct = (before: number, after: number): number | null => (before === 0 ? null : (100 * (before - after)) / before);
