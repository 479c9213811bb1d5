import { defineConfig } from '@graphql-hive/gateway'

type Rows = Record<string, any>[]
const departure = '{ stopId line direction mode scheduledAt expectedAt delaySeconds platform realtime }'

function byStop (rows: Rows, ids: string[]) {
  const found = new Map<string, Rows>(ids.map(id => [id, []]))
  for (const row of rows) found.get(row.stopId)?.push(row)
  return ids.map(id => found.get(id))
}
function byId (rows: Rows, ids: number[]) {
  const found = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => found.get(id))
}

export const gatewayConfig = defineConfig({
  supergraph: './supergraph.graphql',
  port: Number(process.env.PORT),
  host: '127.0.0.1',
  fork: 1,
  logging: false as any,
  graphiql: false,
  landingPage: false,
  additionalResolvers: {
    Query: {
      greet: () => 'Hello World!',
      hello: (_: any, { name }: any) => `Hello ${name}!`
    },
    Post: {
      user: {
        selectionSet: '{ userId }',
        resolve: (root: any, { key }: any, context: any, info: any) =>
          context.city.Query.usersWith({
            root, context, info, key: root.userId, selectionSet: '{ id name username email }',
            argsFromKeys: (id: number[]) => ({ id, key }), valuesFromResults: byId,
            autoSelectionSetWithTransforms: false
          })
      }
    },
    HomeStop: {
      departures: {
        selectionSet: '{ id }',
        resolve: (root: any, { key }: any, context: any, info: any) =>
          context.city.Query.departuresAt({
            root, context, info, key: root.id, selectionSet: departure,
            argsFromKeys: (stop: string[]) => ({ stop, key }), valuesFromResults: byStop,
            autoSelectionSetWithTransforms: false
          })
      }
    }
  } as any
})
