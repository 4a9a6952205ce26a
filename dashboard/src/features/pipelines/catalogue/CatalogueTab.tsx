import { Card, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PageLink } from "~/shared/components/links";
import { QueryView } from "~/shared/components/QueryView";
import { catalogue } from "~/shared/templates/queries";
import { MeasuredTable } from "./MeasuredTable";
import { TemplateView } from "./TemplateView";

const route = getRouteApi("/_app/pipelines/");

export function CatalogueTab() {
  const { template } = route.useSearch();
  const list = useQuery(catalogue);
  if (template !== undefined) return <TemplateView key={template} name={template} />;
  return (
    <QueryView query={list}>
      {({ items }) => (
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          {items.map((t) => (
            <Card key={t.name} component="article">
              <Stack gap="xs">
                <Title order={2}>
                  <PageLink to="/pipelines" search={{ tab: "catalogue", template: t.name }}>
                    {t.title}
                  </PageLink>
                </Title>
                <Text size="sm">{t.summary}</Text>
                <MeasuredTable rows={t.measured} label={`What ${t.title} made of recorded input`} />
              </Stack>
            </Card>
          ))}
        </SimpleGrid>
      )}
    </QueryView>
  );
}
