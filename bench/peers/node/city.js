// City: the schema's resolvers, as all servers on node share them; MEM=1 keeps what was read.
'use strict'
const { readFileSync } = require('node:fs')
const { Pool } = require('undici')
const DataLoader = require('dataloader')

const pool = new Pool('http://127.0.0.1:9100', { connections: 100, keepAliveTimeout: 300e3 })
const kept = process.env.MEM === '1' ? new Map() : null

async function get (path, made = body => body) {
  if (kept?.has(path)) return kept.get(path)
  const { statusCode, body } = await pool.request({ path, method: 'GET' })
  if (statusCode !== 200) { await body.dump(); throw new Error(`upstream ${statusCode}`) }
  const value = made(await body.json())
  kept?.set(path, value)
  return value
}

const byId = rows => new Map(rows.map(row => [row.id, row]))
function byStop (rows) {
  const found = new Map()
  for (const row of rows) {
    const those = found.get(row.stopId)
    if (those) those.push(row); else found.set(row.stopId, [row])
  }
  return found
}
const listed = (name, ids) => ids.map(id => `${name}=${id}`).join('&')

async function users (ids, key) {
  const found = await get(`/users?key=${key}&${listed('id', ids)}`, byId)
  return ids.map(id => found.get(id) ?? null)
}
async function departures (ids, key) {
  const found = await get(`/departures?key=${key}&${listed('stop', ids)}`, byStop)
  return ids.map(id => found.get(id) ?? [])
}

const Query = {
  greet: () => 'Hello World!',
  hello: (_, { name }) => `Hello ${name}!`,
  posts: (_, { key }) => get(`/posts?key=${key}`),
  homeStop: (_, { id, key }) => get(`/stop?id=${id}&key=${key}`),
  homeNearby: (_, { lat, lon, key }) => get(`/nearby?lat=${lat}&lon=${lon}&key=${key}`),
  homePools: (_, { key }) => get(`/pools?key=${key}`),
  homeSchool: (_, { id, key }) => get(`/school?id=${id}&key=${key}`),
  homeBikes: (_, { key }) => get(`/bikes?key=${key}`)
}

// One loader for each request; its operation has one key.
function context () {
  let key
  const loader = load => new DataLoader(ids => load(ids, key))
  const [user, departure] = [loader(users), loader(departures)]
  const asking = one => (id, given) => { key = given; return one.load(id) }
  return { user: asking(user), departures: asking(departure) }
}

const resolvers = {
  Query,
  Post: { user: (post, { key }, context) => context.user(post.userId, key) },
  HomeStop: { departures: (stop, { key }, context) => context.departures(stop.id, key) }
}
const sdl = readFileSync(process.env.SDL, 'utf8')
const port = Number(process.env.PORT)

module.exports = { Query, resolvers, context, users, departures, sdl, port }
