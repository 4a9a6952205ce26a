import { Kbd, Modal, Table } from "@mantine/core";
import { useIsThere } from "~/shared/components/useIsThere";
import { PAGES } from "./pages";

export function ShortcutsHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const isThere = useIsThere();
  return (
    <Modal opened={opened && isThere} onClose={onClose} title="Keyboard">
      <Table>
        <Table.Tbody>
          <Table.Tr>
            <Table.Td>
              <Kbd>Ctrl</Kbd> + <Kbd>K</Kbd>
            </Table.Td>
            <Table.Td>Search and commands</Table.Td>
          </Table.Tr>
          {PAGES.map((page) => (
            <Table.Tr key={page.to}>
              <Table.Td>
                <Kbd>g</Kbd> <Kbd>{page.key}</Kbd>
              </Table.Td>
              <Table.Td>{page.label}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td>
              <Kbd>?</Kbd>
            </Table.Td>
            <Table.Td>This list</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
