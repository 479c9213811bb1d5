import { readFileSync } from 'node:fs'
import { defineConfig } from '@graphql-mesh/compose-cli'
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema'
import { buildSchema, isListType, isNonNullType, isObjectType, type GraphQLOutputType } from 'graphql'

// The upstream's JSON, as JSON Schema: what the schema says, but for what is stitched.
const stitched = new Set(['Post.user', 'HomeStop.departures'])
const scalars: Record<string, object> = {
  Int: { type: 'integer' }, Float: { type: 'number' }, String: { type: 'string' },
  Boolean: { type: 'boolean' }, ID: { type: 'string' }
}
const schema = buildSchema(readFileSync(process.env.SDL!, 'utf8'))
const definitions: Record<string, object> = {}

function described (type: GraphQLOutputType): object {
  if (isNonNullType(type)) return described(type.ofType)
  if (isListType(type)) return { type: 'array', items: described(type.ofType) }
  return scalars[type.toString()] ?? named(type.toString())
}
function named (name: string): object {
  const type = schema.getType(name)
  if (!isObjectType(type)) throw new Error(name)
  const fields = Object.values(type.getFields()).filter(one => !stitched.has(`${name}.${one.name}`))
  const properties: Record<string, object> = Object.fromEntries(
    fields.map(one => [one.name, described(one.type)])
  )
  const required = fields.filter(one => isNonNullType(one.type)).map(one => one.name)
  if (name === 'HomeDeparture') {
    properties.stopId = { type: 'string' }
    required.push('stopId')
  }
  return (definitions[name] ??= { type: 'object', title: name, properties, required })
}

const key = { key: { type: 'integer' } }
const text = { type: 'string' }
const many = (name: string) => ({ type: 'array', items: named(name) })
const read = (field: string, path: string, responseSchema: object, args: object = {}) => ({
  type: 'Query' as any, method: 'GET' as any, field, path, responseSchema,
  argTypeMap: { ...key, ...args } as any
})

export const composeConfig = defineConfig({
  subgraphs: [{
    sourceHandler: loadJSONSchemaSubgraph('city', {
      endpoint: 'http://127.0.0.1:9100',
      queryStringOptions: { indices: false, arrayFormat: 'repeat' } as any,
      operations: [
        read('posts', '/posts?key={args.key}', many('Post')),
        read('usersWith', '/users?key={args.key}&id={args.id}', many('User'),
          { id: { type: 'array', items: { type: 'integer' } } }),
        read('homeStop', '/stop?id={args.id}&key={args.key}', named('HomeStop'), { id: text }),
        read('homeNearby', '/nearby?lat={args.lat}&lon={args.lon}&key={args.key}', many('HomeStop'),
          { lat: { type: 'number' }, lon: { type: 'number' } }),
        read('departuresAt', '/departures?key={args.key}&stop={args.stop}', many('HomeDeparture'),
          { stop: { type: 'array', items: text } }),
        read('homePools', '/pools?key={args.key}', many('HomePool')),
        read('homeSchool', '/school?id={args.id}&key={args.key}', named('HomeSchool'), { id: text }),
        read('homeBikes', '/bikes?key={args.key}', many('HomeBikes'))
      ]
    })
  }],
  additionalTypeDefs: `
    extend type Post { user(key: Int!): User }
    extend type HomeStop { departures(key: Int!): [HomeDeparture] }
    extend type Query { greet: String, hello(name: String!): String }
  `
})
