import { createFileRoute } from "@tanstack/react-router";
import { SavingsPage } from "~/features/savings/SavingsPage";
import { savingsSearch } from "~/features/savings/search";

export const Route = createFileRoute("/_app/savings")({ validateSearch: savingsSearch, component: SavingsPage });
