// What graphql-http's audit of a server found, as JSON: [{id, name, status, reason}].
import { serverAudits } from "graphql-http";

const found = [];
for (const audit of serverAudits({ url: process.argv[2] })) {
  const { id, name, status, reason } = await audit.fn();
  found.push({ id, name, status, reason });
}
console.log(JSON.stringify(found));
