// Composes subgraphs with both composers and serves the result behind both routers.
// In: {"subgraphs": [{name, url, sdl}]} on stdin. Out, one line each: what the composers say,
// {"apollo": [errors], "guild": [errors]}, and the routers' addresses, {"apollo", "hive"};
// the first of them at PORT.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { ApolloGateway } from "@apollo/gateway";
import { composeServices as apollo } from "@apollo/composition";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { composeServices as guild } from "@theguild/federation-composition";
import { parse } from "graphql";

const say = (value) => console.log(JSON.stringify(value));
const lines = createInterface({ input: process.stdin });
const { subgraphs } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
process.stdin.resume().on("end", () => process.exit(0)); // with whoever started us

const services = subgraphs.map(({ sdl, ...one }) => ({ ...one, typeDefs: parse(sdl) }));
const composed = { apollo: apollo(services), guild: guild(services) };
const wrong = ({ errors }) => (errors ?? []).map((one) => one.message);
say({ apollo: wrong(composed.apollo), guild: wrong(composed.guild) });

const server = new ApolloServer({
  gateway: new ApolloGateway({ supergraphSdl: composed.apollo.supergraphSdl }),
});
const listen = { host: "127.0.0.1", port: Number(process.env.PORT) };
const { url } = await startStandaloneServer(server, { listen });

const hive = createGatewayRuntime({ supergraph: composed.guild.supergraphSdl, logging: false });
const face = createServer(hive).listen(0, "127.0.0.1", () =>
  say({ apollo: url, hive: `http://127.0.0.1:${face.address().port}/graphql` }),
);
