export const TABS = ["users", "tokens", "prices", "notifications", "backends", "protected", "appearance"] as const;
export type SettingsTab = (typeof TABS)[number];

export function settingsSearch(search: Record<string, unknown>): { tab?: SettingsTab } {
  const tab = TABS.find((t) => t === search.tab);
  return tab === undefined ? {} : { tab };
}
