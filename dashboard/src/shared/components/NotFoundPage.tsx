import { Anchor, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function NotFoundPage() {
  return (
    <Stack>
      <Title order={1}>There is no such page</Title>
      <Text>
        The address may be mistyped, or what it led to is gone.{" "}
        <Anchor component={Link} to="/">
          Go to the overview
        </Anchor>
        , or search with Ctrl+K.
      </Text>
    </Stack>
  );
}
