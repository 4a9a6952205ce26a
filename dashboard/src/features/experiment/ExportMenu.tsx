import { Button, Menu } from "@mantine/core";
import { IconDownload, IconFileTypeCsv, IconJson, IconPrinter } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { atOf, type Moment } from "~/shared/as-of/moments";

/** What there is of the experiment as files, and the report for people. */
export function ExportMenu({ id, at }: { id: string; at: Moment | null }) {
  const file = (format: "csv" | "json") => `/api/v2/experiments/${id}/export?format=${format}`;
  // Only the report can be of a past moment.
  const ofNow = at === null ? "" : ", of now";
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={file("csv")} download leftSection={<IconFileTypeCsv size={16} />}>
          Windows as CSV{ofNow}
        </Menu.Item>
        <Menu.Item component="a" href={file("json")} download leftSection={<IconJson size={16} />}>
          Everything as JSON{ofNow}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPrinter size={16} />}
          renderRoot={(props) => <Link to="/experiments/$id/report" params={{ id }} search={atOf(at)} {...props} />}
        >
          Report to print or save as PDF
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
