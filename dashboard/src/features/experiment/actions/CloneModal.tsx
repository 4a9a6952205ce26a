import { Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Created, ExperimentView } from "~/api/schema";
import { FormModal } from "~/shared/forms/FormModal";
import { clone } from "./commands";

/** A new draft with the same design. */
export function CloneModal({ x, onClose }: { x: ExperimentView; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: `${x.name} again`.slice(0, 100), reason: "" } });
  const open = async (made: unknown) => {
    await queries.invalidateQueries({ queryKey: ["experiments"] });
    await navigate({ to: "/experiments/$id", params: { id: (made as Created).id } });
  };
  return (
    <FormModal
      title="Clone the design"
      form={form}
      confirm="Clone"
      done="The draft was written down."
      save={({ name, reason }) => clone(x.id, name, reason)}
      onSaved={open}
      onClose={onClose}
    >
      <Text size="sm">A new draft with this experiment's pipelines, hosts, plan and criteria. It is not started.</Text>
      <TextInput label="Name" data-autofocus {...form.getInputProps("name")} />
    </FormModal>
  );
}
