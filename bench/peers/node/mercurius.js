'use strict'
const app = require('fastify')({ logger: false })
const { Query, users, departures, sdl, port } = require('./city')

const once = ids => [...new Set(ids)]
const loaders = {
  Post: {
    async user (queries) {
      const ids = once(queries.map(({ obj }) => obj.userId))
      const found = await users(ids, queries[0].params.key)
      const of = new Map(ids.map((id, at) => [id, found[at]]))
      return queries.map(({ obj }) => of.get(obj.userId))
    }
  },
  HomeStop: {
    departures: queries => departures(queries.map(({ obj }) => obj.id), queries[0].params.key)
  }
}
app.register(require('mercurius'), { schema: sdl, resolvers: { Query }, loaders, jit: 1 })
app.listen({ port, host: '127.0.0.1' })
