import { createFormContext } from "@mantine/form";
import type { Design } from "./design";

export const [DesignFormProvider, useDesign, useDesignForm] = createFormContext<Design>();
