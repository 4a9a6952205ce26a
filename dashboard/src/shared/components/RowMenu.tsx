import { ActionIcon, type ActionIconProps, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { type ButtonHTMLAttributes, type ReactNode, type Ref, useEffect, useState } from "react";

/** What can be done with one row of a list, as `Menu.Item`s. Made when it is asked for: of hundreds of rows few are. */
export function RowMenu({ of, children }: { of: string; children: ReactNode }) {
  const [asked, setAsked] = useState(false);
  return asked ? (
    <Opened of={of}>{children}</Opened>
  ) : (
    <Dots of={of} aria-haspopup="menu" aria-expanded={false} onClick={() => setAsked(true)} />
  );
}

function Opened({ of, children }: { of: string; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  // Once it stands beside its target, which then has the focus as the one before had.
  useEffect(() => setOpened(true), []);
  return (
    <Menu position="bottom-end" opened={opened} onChange={setOpened}>
      <Menu.Target>
        <Dots of={of} autoFocus />
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

type DotsProps = ActionIconProps &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, keyof ActionIconProps> & { of: string; ref?: Ref<HTMLButtonElement> };

const Dots = ({ of, ...props }: DotsProps) => (
  <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${of}`} {...props}>
    <IconDots size={16} aria-hidden />
  </ActionIcon>
);
