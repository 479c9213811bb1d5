// A subgraph that does to Poche's types what federation lets others do: it takes a field over,
// computes one of what Poche knows, and has values like Poche's. POOL is the id of its pool.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { createYoga } from "graphql-yoga";

const club = {
  name: "Les Dauphins",
  pool: { id: process.env.POOL },
  meetsAt: { lat: 47.2, lon: -1.5 },
  treasurer: "nobody's business",
};
const schema = buildSubgraphSchema({
  typeDefs: parse(readFileSync(new URL("schema.graphql", import.meta.url), "utf8")),
  resolvers: {
    Query: { clubs: () => [club] },
    Pool: {
      phone: () => "3117",
      sign: ({ name, position }) => `${name}, ${position.lat}° N`,
    },
  },
});

const server = createServer(createYoga({ schema, logging: false }));
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/graphql`);
});
