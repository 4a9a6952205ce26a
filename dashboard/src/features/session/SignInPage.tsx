import { Alert, Anchor, Button, Card, Center, Code, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDocumentTitle } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { ApiError, api, call } from "~/api/client";
import { Logo } from "~/shared/components/Logo";

const route = getRouteApi("/sign-in");

/** Opens a session with a one-time secret, or with a token that was issued elsewhere. A link may bring the secret behind its `#`, which no server sees. */
export function SignInPage() {
  useDocumentTitle("Sign in · Phoenix");
  const { redirect } = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { secret: "" },
    validate: { secret: (v) => (v.trim() === "" ? "Paste the secret or a token." : null) },
  });

  const signIn = useMutation({
    mutationFn: openSession,
    meta: { problemShown: true },
    onSuccess: async () => {
      queries.clear();
      await navigate({ to: redirect ?? "/", replace: true });
    },
  });

  useEffect(() => {
    const redeem = () => {
      const secret = decodeURIComponent(location.hash.slice(1));
      if (secret === "") return;
      // It counts once: it has no place in the history.
      history.replaceState(history.state, "", location.pathname + location.search);
      signIn.mutate(secret);
    };
    redeem();
    // A link that is opened where this page stands already loads nothing.
    window.addEventListener("hashchange", redeem);
    return () => window.removeEventListener("hashchange", redeem);
  }, [signIn.mutate]);

  return (
    <Center mih="100vh" p="md" component="main">
      <Card w={440} maw="100%" padding="xl" shadow="sm">
        <form onSubmit={form.onSubmit(({ secret }) => signIn.mutate(secret.trim()))}>
          <Stack>
            <Group gap="sm">
              <Logo size={36} />
              <Title order={1}>Sign in to Phoenix</Title>
            </Group>
            <Text size="sm" c="dimmed">
              With the one-time secret that an admin gave you, or with a token of yours.
            </Text>
            {signIn.isError && (
              <Alert color="red" role="alert" title="You are not signed in">
                {signIn.error instanceof ApiError && signIn.error.status === 401
                  ? "The secret or token is wrong, was used already or has expired. An admin makes another secret under Settings, Users."
                  : signIn.error.message}
              </Alert>
            )}
            <PasswordInput
              label="Secret or token"
              autoFocus
              autoComplete="current-password"
              leftSection={<IconKey size={16} />}
              {...form.getInputProps("secret")}
            />
            <Button type="submit" loading={signIn.isPending}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              The first secret of a new installation is in the control plane's log, or in the file that{" "}
              <Code>PHOENIX_FIRST_USER_SECRET_FILE</Code> names. <Code>./run</Code> prints a link. Who lost everything starts the control
              plane once with <Code>PHOENIX_REISSUE_FIRST_SECRET=1</Code>. The API is described in the{" "}
              <Anchor href="/reference" underline="always">
                reference
              </Anchor>
              .
            </Text>
          </Stack>
        </form>
      </Card>
    </Center>
  );
}

/** One field for both: what is no secret may be a token. */
async function openSession(secret: string): Promise<void> {
  try {
    await call(api.POST("/api/v2/auth/session", { body: { secret } }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "secret-invalid") throw error;
    await call(api.POST("/api/v2/auth/session", { body: { secret: null }, headers: { authorization: `Bearer ${secret}` } }));
  }
}
