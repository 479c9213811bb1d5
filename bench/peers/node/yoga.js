'use strict'
const { createServer } = require('node:http')
const { createYoga, createSchema } = require('graphql-yoga')
const { useGraphQlJit } = require('@envelop/graphql-jit')
const { resolvers, context, sdl, port } = require('./city')

const schema = createSchema({ typeDefs: sdl, resolvers })
const plugins = process.env.JIT === '1' ? [useGraphQlJit()] : []
const yoga = createYoga({ schema, context, plugins, logging: false, graphiql: false })
createServer(yoga).listen(port, '127.0.0.1')
