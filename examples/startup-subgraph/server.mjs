// A start-up's subgraph: what it knows of a city's schools and stops, beside what Poche knows.
// It never asks Poche: it knows schools by their UAI and stops by their GTFS id, as its users do,
// and a router brings both together.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { createYoga } from "graphql-yoga";

const here = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const { activities, reports } = JSON.parse(here("data.json")); // made up

const schema = buildSubgraphSchema({
  typeDefs: parse(here("schema.graphql")),
  resolvers: {
    Query: { accessibilityReports: () => reports },
    School: { afterSchoolActivities: ({ uai }) => activities.filter((one) => one.school === uai) },
    Stop: { accessibilityReports: ({ gtfsId }) => reports.filter((one) => one.stop === gtfsId) },
    AccessibilityReport: { stop: ({ stop }) => ({ gtfsId: stop }) },
  },
});

const server = createServer(createYoga({ schema, logging: false }));
server.listen(Number(process.env.PORT ?? 4001), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/graphql`);
});
