import { Alert } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { PageHeader } from "~/shared/components/PageHeader";

/** In place of a form that the control plane would refuse from the user. `does` is what the role does not, such as "publish pipelines". */
export function NotYourRole({ page, does }: { page: string; does: string }) {
  return (
    <>
      <PageHeader title={page} />
      <Alert icon={<IconLock />} color="yellow" title={`Your role does not ${does}`}>
        Operators and administrators do. Everything else of it is open to you.
      </Alert>
    </>
  );
}
