import { oneOf, text } from "~/shared/search/read";

export const TABS = ["users", "tokens", "prices", "notifications", "backends", "protected", "appearance"] as const;
export type SettingsTab = (typeof TABS)[number];

export interface SettingsSearch {
  tab?: SettingsTab;
  /** The order of the price book. */
  sort?: string;
  /** The price that is open. */
  price?: string;
  /** The notification target whose deliveries are open. */
  deliveries?: string;
}

export const settingsSearch = (search: Record<string, unknown>): SettingsSearch => ({
  tab: oneOf(search.tab, TABS),
  sort: text(search.sort),
  price: text(search.price),
  deliveries: text(search.deliveries),
});
