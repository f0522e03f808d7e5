// What stands around every route: tokens are strict and end, faults on demand, ETags, old names lead on, requests are kept.
// emulate's middleware does not see answers, so the layers wrap `app.fetch`.
import { createHash } from 'node:crypto'

let isReady = false
export const open = () => { isReady = true }

export const json = (body, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers } })
const bearer = request => (request.headers.get('Authorization') ?? '').replace(/^(Bearer|token)\s+/i, '').trim()

// `layer(request, url, inner)` answers, by itself or through `inner`.
export function wrap (app, layer) {
  const inner = app.fetch
  app.fetch = request => {
    const url = new URL(request.url)
    return url.pathname.startsWith('/_test/') ? inner(request) : layer(request, url, inner)
  }
}

export function guard (world) {
  const { app, gh, tokens, aliases } = world

  app.use('*', async (c, next) => { // emulate lets an unknown token act as its first user.
    const header = c.req.header('Authorization') ?? ''
    const token = bearer(c.req.raw)
    if (!token || /^basic /i.test(header)) return next()
    if (token.startsWith('eyJ')) return c.get('authApp') ? next() : json({ message: 'A JSON web token could not be decoded', status: '401' }, 401)
    if ((world.ends.get(token) ?? Infinity) <= Date.now()) tokens.delete(token)
    const user = tokens.get(token)
    const found = user?.installation && gh.appInstallations.findOneBy('installation_id', user.installation.installationId)
    if (!user || (user.installation && !found)) return json({ message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' }, 401)
    if (found?.suspended_at) return json({ message: 'This installation has been suspended', status: '403' }, 403)
    if (found) keepUpWith(found, user.installation)
    return next()
  })

  wrap(app, async (request, url, inner) => { // GitHub says 404 where emulate says 403 about what one may not see.
    const answer = await inner(request)
    const byName = answer.status === 403 && url.pathname.match(/^\/repos\/([^/]+\/[^/]+)/)
    if (!byName || sees(world, tokens.get(bearer(request)), gh.repos.findOneBy('full_name', byName[1]))) return answer
    return json({ message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' }, 404)
  })

  wrap(app, async (request, url, inner) => { // `/repositories/:id/…` is `/repos/:owner/:name/…`; an old name leads there.
    const byId = url.pathname.match(/^\/repositories\/(\d+)(\/.*)?$/)
    const repo = byId && gh.repos.get(Number(byId[1]))
    if (byId && !repo) return json({ message: 'Not Found', status: '404' }, 404)
    if (byId) {
      url.pathname = `/repos/${repo.full_name}${byId[2] ?? ''}`
      const body = ['GET', 'HEAD'].includes(request.method) ? undefined : await request.arrayBuffer()
      return inner(new Request(url.href, { method: request.method, headers: request.headers, body }))
    }
    const byName = url.pathname.match(/^\/repos\/([^/]+\/[^/]+)(\/.*)?$/)
    if (!byName || gh.repos.findOneBy('full_name', byName[1]) || !aliases.has(byName[1])) return inner(request)
    const goal = `${world.url}/repositories/${aliases.get(byName[1])}${byName[2] ?? ''}${url.search}`
    return json({ message: 'Moved Permanently', url: goal }, request.method === 'GET' ? 301 : 307, { Location: goal })
  })

  wrap(app, async (request, url, inner) => {
    const answer = await inner(request)
    if (request.method !== 'GET' || answer.status !== 200 || !/json|octet-stream/.test(answer.headers.get('Content-Type') ?? '')) return answer
    const bytes = Buffer.from(await answer.arrayBuffer())
    const headers = new Headers(answer.headers)
    headers.set('ETag', `W/"${createHash('sha256').update(bytes).digest('hex')}"`)
    headers.delete('Content-Length')
    const isSame = request.headers.get('If-None-Match') === headers.get('ETag')
    return new Response(isSame ? null : bytes, { status: isSame ? 304 : 200, headers })
  })

  wrap(app, async (request, url, inner) => {
    if (!isReady || request.headers.has('X-Stand-In')) return inner(request)
    const header = name => request.headers.get(name) ?? ''
    const row = { method: request.method, path: url.pathname, query: url.search, at: Date.now(), auth: header('Authorization'), etag: header('If-None-Match'), accept: header('Accept') }
    world.seen.push(row)
    const fault = world.faults.find(f => f.times > 0 && (!f.method || f.method === request.method) && new RegExp(f.path).test(url.pathname))
    if (fault) fault.times -= 1
    if (fault?.delay) await new Promise(done => { (fault.waiting ??= []).push(done); setTimeout(done, fault.delay * 1000) })
    const answer = fault?.status ? json(fault.body ?? { message: 'Server Error' }, fault.status, fault.headers ?? {}) : await inner(request)
    row.status = answer.status
    return answer
  })
}

// What an installation lost is lost for the tokens it gave before; what it gained, for those that were not narrowed.
function keepUpWith (found, held) {
  if (held.narrowed) {
    if (found.repository_selection === 'selected') held.repositoryIds = held.repositoryIds.filter(id => found.repository_ids.includes(id))
    return
  }
  held.repositorySelection = found.repository_selection
  held.repositoryIds = [...found.repository_ids]
}

// Whether GitHub would show a repository to whoever a token stands for.
export function sees ({ gh }, user, repo) {
  if (!repo) return false
  if (!repo.private) return true
  if (!user) return false
  if (user.installation) {
    const { accountId, accountType, repositorySelection, repositoryIds } = user.installation
    return repo.owner_id === accountId && repo.owner_type === accountType && (repositorySelection === 'all' || repositoryIds.includes(repo.id))
  }
  const person = gh.users.findOneBy('login', user.login)
  if (!person) return false
  if (repo.owner_type === 'User' && repo.owner_id === person.id) return true
  return (repo.owner_type === 'Organization' && isMember(gh, person.id, repo.owner_id)) ||
    gh.collaborators.findBy('repo_id', repo.id).some(row => row.user_id === person.id)
}

export const isMember = (gh, userId, orgId) =>
  gh.teamMembers.findBy('user_id', userId).some(row => gh.teams.get(row.team_id)?.org_id === orgId)
