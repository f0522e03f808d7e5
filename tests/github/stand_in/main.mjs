// A GitHub to test against: the npm package `emulate` (REST, OAuth, App tokens, made by others) and what it lacks: real git,
// strict tokens, deployments, statuses, App manifests, deliveries, ETags, faults. One process, one port.
//   NODE_MODULES=… GIT_ROOT=… node main.mjs        prints {"url": …} once it listens
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { appRoutes } from './apps.mjs'
import { controlRoutes } from './control.mjs'
import { deliveryWatch } from './deliveries.mjs'
import { gitRoutes } from './git.mjs'
import { guard, open } from './guard.mjs'
import { restRoutes } from './rest.mjs'

const emulate = path.resolve(process.env.NODE_MODULES, 'emulate')
const load = file => import(pathToFileURL(path.join(emulate, 'dist', file)))
const service = fs.readdirSync(path.join(emulate, 'dist'))
  .find(file => file.endsWith('.js') && fs.readFileSync(path.join(emulate, 'dist', file), 'utf8').includes('var githubPlugin ='))
const { githubPlugin, getGitHubStore } = await load(service)
const { createEmulator } = await load('api.js')

const freePort = () => new Promise(done => {
  const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)) })
})
const port = Number(process.env.PORT) || await freePort()
const url = `http://127.0.0.1:${port}`

const register = githubPlugin.register
githubPlugin.register = (app, store, hooks, baseUrl, tokens) => {
  const gh = getGitHubStore(store)
  const world = {
    app, store, hooks, tokens, gh, url,
    root: path.resolve(process.env.GIT_ROOT),
    apps: new Map(),        // app_id -> what a manifest says and emulate does not keep: owner, client, setup address, …
    manifests: new Map(),   // code -> app_id, each good for one conversion
    aliases: new Map(),     // a repository's old full name -> its id
    faults: [], seen: [], deliveries: [],
    deployments: [], deploymentStatuses: [], statuses: [],
    lifetime: { installation: 3600, user: 0 }, // Seconds that tokens last; a user's 0 means for ever.
    ends: new Map(), refresh: new Map(),       // token -> moment of its end; refresh token -> login
    muted: false, settle: async () => {},
  }
  Object.assign(world, deliveryWatch(world))
  Object.assign(world, { git: gitRoutes(world) })
  guard(world)
  appRoutes(world)
  restRoutes(world)
  controlRoutes(world)
  register(app, store, hooks, baseUrl, tokens)
  const dispatch = hooks.dispatch
  hooks.dispatch = async (event, action, payload, owner, repo) => {
    if (world.muted && ['push', 'create', 'delete'].includes(event)) return undefined
    if (event === 'pull_request' && payload.pull_request) world.git.showPull(payload.pull_request)
    const number = event === 'pull_request' && payload.pull_request ? { number: payload.pull_request.number } : {}
    return dispatch(event, action, { ...number, ...payload }, owner, repo)
  }
}
fs.mkdirSync(process.env.GIT_ROOT, { recursive: true })
if (spawnSync('git', ['--version']).status !== 0) throw new Error('git is missing')
await createEmulator({ service: 'github', port, hostname: '127.0.0.1', baseUrl: url, seed: { tokens: {}, github: { baseUrl: url } } })
open()
console.log(JSON.stringify({ url }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0)) // The test that started it is gone.
