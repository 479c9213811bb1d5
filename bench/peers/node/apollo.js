'use strict'
const { ApolloServer } = require('@apollo/server')
const { startStandaloneServer } = require('@apollo/server/standalone')
const { resolvers, context, sdl, port } = require('./city')

const server = new ApolloServer({ typeDefs: sdl, resolvers })
startStandaloneServer(server, { context: async () => context(), listen: { port, host: '127.0.0.1' } })
