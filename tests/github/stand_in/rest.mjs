// REST that emulate lacks or has otherwise: deployments with statuses, commit statuses, tags, forks, merges.
import { sees } from './guard.mjs'

const now = () => new Date().toISOString().replace(/\.\d+Z/, 'Z')
const WORST = ['error', 'failure', 'pending', 'success']
const TRANSITIONS = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']

export function restRoutes (world) {
  const { app, gh, hooks, url, deployments, deploymentStatuses, statuses } = world
  const repoOf = c => gh.repos.findOneBy('full_name', `${c.req.param('owner')}/${c.req.param('repo')}`)
  const missing = c => c.json({ message: 'Not Found', status: '404' }, 404)
  const lacks = (c, permission) => {
    const user = c.get('authUser')
    return !user ? c.json({ message: 'Requires authentication', status: '401' }, 401)
      : user.installation && user.installation.permissions[permission] !== 'write' ? c.json({ message: 'Resource not accessible by integration', status: '403' }, 403) : null
  }
  const may = (c, permission) => { const repo = repoOf(c); return !sees(world, c.get('authUser'), repo) ? missing(c) : permission ? lacks(c, permission) : null }
  const creator = c => {
    const user = c.get('authUser')
    const slug = user.installation && gh.apps.findOneBy('app_id', user.installation.appId).slug
    return { login: slug ? `${slug}[bot]` : user.login, id: user.id, type: slug ? 'Bot' : 'User' }
  }
  const tell = async (event, repo, body) => {
    const [owner, name] = repo.full_name.split('/')
    await hooks.dispatch(event, body.action, { ...body, repository: await world.git.asSeen(repo.full_name) }, owner, name)
  }
  const page = (c, rows) => {
    const [size, at] = [Math.min(Number(c.req.query('per_page') ?? 30), 100), Number(c.req.query('page') ?? 1)]
    const next = new URL(c.req.url)
    next.searchParams.set('page', at + 1)
    return c.json(rows.slice((at - 1) * size, at * size), 200, rows.length > at * size ? { Link: `<${url}${next.pathname}${next.search}>; rel="next"` } : {})
  }

  app.post('/repos/:owner/:repo/deployments', async c => {
    const refused = may(c, 'deployments')
    if (refused) return refused
    const [repo, told] = [repoOf(c), await c.req.json()]
    const sha = world.git.resolve(repo, told.ref) ?? world.git.resolve(repo, `refs/heads/${told.ref}`)
    if (!sha) return c.json({ message: `No ref found for: ${told.ref}`, status: '422' }, 422)
    const wanted = told.required_contexts
    if (wanted === undefined && statuses.some(s => s.repo_id === repo.id && s.sha === sha) && combined(repo, sha).state !== 'success') {
      return c.json({ message: `Conflict: Commit status checks failed for ${told.ref}`, errors: [{ contexts: combined(repo, sha).statuses, resource: 'Deployment', field: 'required_contexts', code: 'invalid' }], status: '409' }, 409)
    }
    const id = 5000 + deployments.length
    const at = `${url}/repos/${repo.full_name}/deployments/${id}`
    const row = {
      id, url: at, node_id: `DE_${id}`, sha, ref: told.ref, task: told.task ?? 'deploy', payload: told.payload ?? {}, original_environment: told.environment ?? 'production',
      environment: told.environment ?? 'production', description: told.description ?? null, creator: creator(c), created_at: now(), updated_at: now(), statuses_url: `${at}/statuses`,
      repository_url: `${url}/repos/${repo.full_name}`, transient_environment: !!told.transient_environment, production_environment: told.production_environment ?? (told.environment ?? 'production') === 'production', repo_id: repo.id,
    }
    deployments.push(row)
    await tell('deployment', repo, { action: 'created', deployment: outside(row), sender: creator(c) })
    return c.json(outside(row), 201)
  })
  const outside = ({ repo_id, deployment_id, ...row }) => row
  const one = c => deployments.find(d => d.id === Number(c.req.param('id')) && d.repo_id === repoOf(c)?.id)
  app.get('/repos/:owner/:repo/deployments', c => {
    const { environment, sha, ref, task } = Object.fromEntries(new URL(c.req.url).searchParams)
    const rows = deployments.filter(d => d.repo_id === repoOf(c)?.id && (!environment || d.environment === environment) && (!sha || d.sha === sha) && (!ref || d.ref === ref) && (!task || d.task === task))
    return may(c) ?? page(c, rows.map(outside).reverse())
  })
  app.get('/repos/:owner/:repo/deployments/:id', c => may(c) ?? (one(c) ? c.json(outside(one(c))) : missing(c)))
  app.delete('/repos/:owner/:repo/deployments/:id', c => {
    const row = one(c)
    if (may(c, 'deployments') || !row) return may(c, 'deployments') ?? missing(c)
    const last = deploymentStatuses.filter(s => s.deployment_id === row.id).at(-1)
    if (deployments.length > 1 && last?.state !== 'inactive') return c.json({ message: 'We cannot delete an active deployment unless it is the only deployment in a given environment.', status: '422' }, 422)
    deployments.splice(deployments.indexOf(row), 1)
    return c.body(null, 204)
  })
  const add = (c, row, told) => {
    const id = 90_000 + deploymentStatuses.length
    const status = {
      url: `${row.statuses_url}/${id}`, id, node_id: `DES_${id}`, state: told.state, creator: creator(c), description: told.description ?? '', environment: told.environment ?? row.environment,
      target_url: told.target_url ?? told.log_url ?? '', log_url: told.log_url ?? told.target_url ?? '', environment_url: told.environment_url ?? '', created_at: now(), updated_at: now(),
      deployment_url: row.url, repository_url: row.repository_url, deployment_id: row.id,
    }
    deploymentStatuses.push(status)
    row.updated_at = now()
    return status
  }
  app.post('/repos/:owner/:repo/deployments/:id/statuses', async c => {
    const [row, refused] = [one(c), may(c, 'deployments')]
    if (refused || !row) return refused ?? missing(c)
    const told = await c.req.json()
    if (!TRANSITIONS.includes(told.state)) return c.json({ message: 'Validation Failed', errors: [{ resource: 'DeploymentStatus', code: 'custom', field: 'state' }], status: '422' }, 422)
    if ((told.description ?? '').length > 140) return c.json({ message: 'Validation Failed', errors: [{ resource: 'DeploymentStatus', code: 'custom', field: 'description', message: 'description is too long (maximum is 140 characters)' }], status: '422' }, 422)
    const status = add(c, row, told)
    if (told.state === 'success' && told.auto_inactive !== false) { // The ones before it in the same environment are over.
      const last = d => deploymentStatuses.filter(s => s.deployment_id === d.id).at(-1)?.state
      for (const old of deployments.filter(d => d.repo_id === row.repo_id && d.environment === row.environment && d.id !== row.id && !d.transient_environment && !d.production_environment && last(d) === 'success')) add(c, old, { state: 'inactive' })
    }
    await tell('deployment_status', repoOf(c), { action: 'created', deployment_status: outside(status), deployment: outside(row), sender: creator(c) })
    return c.json(outside(status), 201)
  })
  app.get('/repos/:owner/:repo/deployments/:id/statuses', c => may(c) ?? (one(c) ? page(c, deploymentStatuses.filter(s => s.deployment_id === one(c).id).map(outside).reverse()) : missing(c)))
  app.get('/repos/:owner/:repo/deployments/:id/statuses/:status', c => { const row = deploymentStatuses.find(s => s.id === Number(c.req.param('status'))); return may(c) ?? (row ? c.json(outside(row)) : missing(c)) })

  const combined = (repo, sha) => {
    const latest = new Map()
    for (const row of statuses.filter(s => s.repo_id === repo.id && s.sha === sha)) latest.set(row.context, row)
    const rows = [...latest.values()]
    const state = rows.length ? WORST.find(name => rows.some(s => s.state === name)) : 'pending'
    return { state: state === 'error' ? 'failure' : state, sha, total_count: rows.length, statuses: rows.map(outside), repository: { id: repo.id, full_name: repo.full_name } }
  }
  app.post('/repos/:owner/:repo/statuses/:sha', async c => {
    const refused = may(c, 'statuses')
    if (refused) return refused
    const [repo, told, sha] = [repoOf(c), await c.req.json(), c.req.param('sha')]
    if (!world.git.resolve(repo, sha)) return c.json({ message: `No commit found for SHA: ${sha}`, status: '422' }, 422)
    if (!WORST.includes(told.state) || (told.description ?? '').length > 140) return c.json({ message: 'Validation Failed', status: '422' }, 422)
    const row = { url: `${url}/repos/${repo.full_name}/statuses/${sha}`, id: 700_000 + statuses.length, node_id: 'SC_', state: told.state, description: told.description ?? null, target_url: told.target_url ?? null, context: told.context ?? 'default', created_at: now(), updated_at: now(), creator: creator(c), sha, repo_id: repo.id }
    statuses.push(row)
    const branches = gh.branches.findBy('repo_id', repo.id).filter(b => b.sha === sha).map(b => ({ name: b.name, commit: { sha } }))
    await tell('status', repo, { id: row.id, sha, name: repo.full_name, target_url: row.target_url, context: row.context, description: row.description, state: row.state, commit: { sha }, branches, created_at: row.created_at, updated_at: row.updated_at, sender: creator(c) })
    return c.json(outside(row), 201)
  })
  const shaOf = c => world.git.resolve(repoOf(c), c.req.param('ref')) ?? world.git.resolve(repoOf(c), `refs/heads/${c.req.param('ref')}`)
  app.get('/repos/:owner/:repo/commits/:ref/status', c => may(c) ?? (shaOf(c) ? c.json(combined(repoOf(c), shaOf(c))) : c.json({ message: `No commit found for SHA: ${c.req.param('ref')}` }, 422)))
  app.get('/repos/:owner/:repo/commits/:ref/statuses', c => may(c) ?? page(c, statuses.filter(s => s.repo_id === repoOf(c).id && s.sha === shaOf(c)).map(outside).reverse()))
  app.get('/repos/:owner/:repo/tags', c => may(c) ?? page(c, gh.refs.findBy('repo_id', repoOf(c).id).filter(r => r.ref.startsWith('refs/tags/')).map(r => ({ name: r.ref.slice(10), commit: { sha: r.sha, url: `${url}/repos/${repoOf(c).full_name}/commits/${r.sha}` } })).reverse()))

  app.post('/repos/:owner/:repo/forks', async c => {
    const refused = may(c) ?? (c.get('authUser') ? null : missing(c))
    if (refused) return refused
    const [parent, told] = [repoOf(c), await c.req.json().catch(() => ({}))]
    const login = told.organization ?? c.get('authUser').login
    const repo = world.createRepo({ owner: login, name: told.name ?? parent.name, private: parent.private, default_branch: parent.default_branch, fork: true, forked_from_id: parent.id })
    world.git.fork(parent, repo)
    return c.json(await world.git.asSeen(repo.full_name), 202)
  })
  app.put('/repos/:owner/:repo/pulls/:number/merge', async c => {
    const refused = may(c, 'contents')
    if (refused) return refused
    const repo = repoOf(c)
    const pull = gh.pullRequests.findBy('repo_id', repo.id).find(row => row.number === Number(c.req.param('number')))
    if (!pull || pull.state !== 'open') return pull ? c.json({ message: 'Pull Request is not mergeable', status: '405' }, 405) : missing(c)
    const user = gh.users.findOneBy('login', c.get('authUser').login)
    const head = gh.repos.get(pull.head_repo_id)
    const merged = await world.git.merge(repo, pull.base_ref, head, pull.head_sha, user, `Merge pull request #${pull.number} from ${head.full_name.split('/')[0]}/${pull.head_ref}\n\n${pull.title}`)
    if (!merged) return c.json({ message: 'Pull Request is not mergeable', status: '405' }, 405)
    const { sha, announce } = merged
    gh.pullRequests.update(pull.id, { state: 'closed', merged: true, merged_at: now(), closed_at: now(), merge_commit_sha: sha, merged_by_id: user.id })
    const [owner, name] = repo.full_name.split('/')
    const shown = await (await app.request(`/repos/${repo.full_name}/pulls/${pull.number}`, { headers: { Authorization: `Bearer ${world.rootToken(repo)}`, 'X-Stand-In': 'again' } })).json()
    await hooks.dispatch('pull_request', 'closed', { action: 'closed', number: pull.number, pull_request: shown, repository: await world.git.asSeen(repo.full_name), sender: world.account(user.login) }, owner, name)
    await announce()
    return c.json({ sha, merged: true, message: 'Pull Request successfully merged' })
  })
}
