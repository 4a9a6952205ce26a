import { createFileRoute } from "@tanstack/react-router";
import { WizardPage } from "~/features/experiments/wizard/WizardPage";
import { wizardSearch } from "~/features/experiments/wizard/wizardSearch";

export const Route = createFileRoute("/_app/experiments/new")({ validateSearch: wizardSearch, component: WizardPage });
