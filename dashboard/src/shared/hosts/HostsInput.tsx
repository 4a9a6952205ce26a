import { TagsInput, type TagsInputProps } from "@mantine/core";
import { useState } from "react";
import { useHostsFound } from "./useHostsFound";

interface Props extends Pick<TagsInputProps, "value" | "onChange" | "error" | "description" | "onBlur" | "onFocus"> {
  value: string[];
}

/** Chooses hosts by name. The whole fleet is searched, however large it is; ids that are pasted may also be of hosts that are not there yet. */
export function HostsInput({ value, description = "Host ids; a part of one finds it.", ...props }: Props) {
  const [typed, setTyped] = useState("");
  const found = useHostsFound(typed);
  return (
    <TagsInput
      label="Hosts"
      description={description}
      data={found.filter((id) => !value.includes(id))}
      value={value}
      searchValue={typed}
      onSearchChange={setTyped}
      splitChars={[",", " ", "\n"]}
      acceptValueOnBlur
      maxDropdownHeight={220}
      clearable
      {...props}
    />
  );
}
