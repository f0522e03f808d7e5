// GitHub Apps as emulate does not have them: manifests, the pages on which a person creates and installs one, the App's
// own hook and its deliveries, a person's installations, tokens that end.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'

import { isMember, json, sees, wrap } from './guard.mjs'

const escaped = text => String(text).replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${body}</html>`
let key // All Apps have the same: a new one costs a second of a busy machine.
const secret = (bytes = 20) => randomBytes(bytes).toString('hex')

export function appRoutes (world) {
  const { app, gh, store, tokens, manifests, url } = world
  const owners = () => [...gh.users.all().filter(row => row.type === 'User' && !['ghost', 'admin'].includes(row.login)), ...gh.orgs.all()]
  const owner = login => gh.users.findOneBy('login', login) ?? gh.orgs.findOneBy('login', login)
  const typeOf = login => gh.users.findOneBy('login', login) ? 'User' : 'Organization'
  const account = login => ({ login, id: owner(login).id, type: typeOf(login), avatar_url: `${url}/avatars/u/${login}` })
  const missing = c => c.json({ message: 'Not Found', status: '404' }, 404)
  const unauthorised = c => c.json({ message: 'A JSON web token could not be decoded', status: '401' }, 401)
  const signedIn = c => store.getData('github.oauth.sessionMap')?.get((c.req.header('Cookie') ?? '').match(/_emu_session=([^;]+)/)?.[1])

  // --- creating one ---------------------------------------------------------------------------------------------------
  world.createApp = ({ owner: login, name, url: home = '', hook_attributes: hook = {}, webhook_secret: given, ...more }) => {
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
    const app_id = 4000 + gh.apps.all().length + 1
    const { privateKey } = key ??= generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs1', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
    const row = gh.apps.insert({
      app_id, slug, name, private_key: privateKey, permissions: { metadata: 'read', ...more.default_permissions }, events: more.default_events ?? [],
      webhook_url: hook.active === false ? null : hook.url ?? null, webhook_secret: given ?? secret(), description: more.description ?? null,
    })
    const known = {
      owner: login, home, client_id: `Iv23li${secret(7)}`, client_secret: secret(), callback_urls: more.callback_urls ?? [], setup_url: more.setup_url ?? '',
      setup_on_update: !!more.setup_on_update, public: !!more.public, hook_url: hook.url ?? '', hook_active: hook.active !== false, lost: 0,
    }
    world.apps.set(app_id, known)
    gh.oauthApps.insert({ client_id: known.client_id, client_secret: known.client_secret, name, redirect_uris: known.callback_urls })
    if (row.webhook_url) {
      void world.deliver(row, 'ping', { zen: 'Keep it logically awesome.', hook_id: app_id + 7000, hook: { type: 'App', id: app_id + 7000, name: 'web', active: true, events: row.events, app_id, config: { url: row.webhook_url, content_type: 'json', insecure_ssl: '0', secret: '********' } } })
    }
    return row
  }
  world.appJson = row => {
    const known = world.apps.get(row.app_id)
    return {
      id: row.app_id, slug: row.slug, node_id: `A_${row.app_id}`, name: row.name, description: row.description, external_url: known.home, html_url: `${url}/apps/${row.slug}`,
      owner: account(known.owner), permissions: row.permissions, events: row.events, client_id: known.client_id,
      created_at: row.created_at, updated_at: row.updated_at, installations_count: gh.appInstallations.findBy('app_id', row.app_id).length,
    }
  }
  const manifestPage = async c => {
    const { manifest } = await c.req.parseBody()
    let told
    try { told = JSON.parse(manifest) } catch { return c.html(page('Error', '<p>Invalid GitHub App configuration: the manifest is no JSON.</p>'), 422) }
    const wrong = complaint(told)
    if (wrong) return c.html(page('Invalid GitHub App configuration', `<p>${escaped(wrong)}</p>`), 422)
    const fixed = c.req.param('org')
    const choice = fixed ? `<input type="hidden" name="owner" value="${escaped(fixed)}">`
      : `<label>Owner <select name="owner">${owners().filter(row => typeOf(row.login) === 'User').map(row => `<option${row.login === signedIn(c) ? ' selected' : ''}>${escaped(row.login)}</option>`).join('')}</select></label>`
    return c.html(page('Create GitHub App', `<form method="post" action="/_web/apps/create">
      <input type="hidden" name="manifest" value="${escaped(manifest)}"><input type="hidden" name="state" value="${escaped(c.req.query('state') ?? '')}">
      <label>GitHub App name <input name="name" value="${escaped(told.name ?? '')}"></label> ${choice} <button>Create GitHub App</button></form>`))
  }
  function complaint (told) {
    const isAddress = text => { try { return /^https?:$/.test(new URL(text).protocol) } catch { return false } }
    if (!isAddress(told.url)) return 'url wasn\'t supplied'
    if (told.name && told.name.length > 34) return 'Name is too long (maximum is 34 characters)'
    if (told.hook_attributes && !isAddress(told.hook_attributes.url)) return 'Hook url is not a valid URL'
    if ((told.default_events ?? []).length && !told.hook_attributes) return 'Default events unsupported: the App has no webhook'
    for (const [event, names] of Object.entries(NEEDS)) {
      if ((told.default_events ?? []).includes(event) && !names.some(name => told.default_permissions?.[name])) return `Default events unsupported: ${event}`
    }
    const unknown = (told.default_events ?? []).filter(event => !NEEDS[event] && !ALWAYS.includes(event))
    return unknown.length ? `Default events unsupported: ${unknown.join(', ')}` : ''
  }
  app.post('/settings/apps/new', manifestPage)
  app.post('/organizations/:org/settings/apps/new', manifestPage)
  app.post('/_web/apps/create', async c => {
    const form = await c.req.parseBody()
    const told = JSON.parse(form.manifest)
    if (gh.apps.all().some(row => row.name === form.name)) return c.html(page('Error', '<p>Name is already taken</p>'), 422)
    const row = world.createApp({ ...told, name: form.name, owner: form.owner })
    const code = secret()
    manifests.set(code, row.app_id)
    const goal = new URL(told.redirect_url)
    goal.searchParams.set('code', code)
    if (form.state) goal.searchParams.set('state', form.state)
    return c.redirect(goal.href)
  })
  app.post('/app-manifests/:code/conversions', c => {
    const row = gh.apps.findOneBy('app_id', manifests.get(c.req.param('code')))
    manifests.delete(c.req.param('code'))
    if (!row) return missing(c)
    const { client_id, client_secret } = world.apps.get(row.app_id)
    return c.json({ ...world.appJson(row), client_id, client_secret, webhook_secret: row.webhook_secret, pem: row.private_key }, 201)
  })
  app.get('/apps/:slug', c => { const row = gh.apps.findOneBy('slug', c.req.param('slug')); return row ? c.json(world.appJson(row)) : missing(c) })

  // --- as the App -----------------------------------------------------------------------------------------------------
  const self = c => c.get('authApp') && gh.apps.findOneBy('app_id', c.get('authApp').appId)
  app.get('/app', c => { const row = self(c); return row ? c.json(world.appJson(row)) : unauthorised(c) })
  app.get('/app/hook/config', c => { const row = self(c); return row ? c.json(hookConfig(row)) : unauthorised(c) })
  app.patch('/app/hook/config', async c => {
    const row = self(c)
    if (!row) return unauthorised(c)
    const told = await c.req.json()
    const known = world.apps.get(row.app_id)
    if (told.url) { known.hook_url = told.url; gh.apps.update(row.id, { webhook_url: known.hook_active ? told.url : null }) }
    if (told.secret) gh.apps.update(row.id, { webhook_secret: told.secret })
    return c.json(hookConfig(gh.apps.get(row.id)))
  })
  const hookConfig = row => ({ content_type: 'json', insecure_ssl: '0', secret: '********', url: world.apps.get(row.app_id).hook_url })
  app.get('/app/hook/deliveries', c => {
    const row = self(c)
    if (!row) return unauthorised(c)
    const size = Math.min(Number(c.req.query('per_page') ?? 30), 100)
    const below = c.req.query('cursor') ? Number(Buffer.from(c.req.query('cursor'), 'base64url').toString()) : Infinity
    const mine = world.deliveries.filter(d => d.app_id === row.app_id && d.id < below).sort((a, b) => b.id - a.id)
    const some = mine.slice(0, size)
    const cursor = Buffer.from(String(some.at(-1)?.id)).toString('base64url')
    const headers = mine.length > size ? { Link: `<${url}/app/hook/deliveries?per_page=${size}&cursor=${cursor}>; rel="next"` } : {}
    return c.json(some.map(({ request, response, app_id, url: _, ...rest }) => rest), 200, headers)
  })
  app.get('/app/hook/deliveries/:id', c => {
    const row = self(c)
    const found = row && world.deliveries.find(d => d.id === Number(c.req.param('id')) && d.app_id === row.app_id)
    return !row ? unauthorised(c) : found ? c.json((({ app_id, request: { headers, payload }, ...rest }) => ({ ...rest, request: { headers, payload } }))(found)) : missing(c)
  })
  app.post('/app/hook/deliveries/:id/attempts', c => {
    const row = self(c)
    const found = row && world.deliveries.find(d => d.id === Number(c.req.param('id')) && d.app_id === row.app_id)
    if (!row || !found) return row ? missing(c) : unauthorised(c)
    void world.redeliver(found)
    return c.json({}, 202)
  })
  app.delete('/app/installations/:id', async c => {
    const row = self(c)
    const found = row && gh.appInstallations.findBy('app_id', row.app_id).find(i => i.installation_id === Number(c.req.param('id')))
    if (!row || !found) return row ? missing(c) : unauthorised(c)
    await world.uninstall(found)
    return c.body(null, 204)
  })
  wrap(app, async (request, url, inner) => {
    const wanted = request.method === 'POST' && url.pathname.match(/^\/app\/installations\/(\d+)\/access_tokens$/)
    if (!wanted) return inner(request)
    if (gh.appInstallations.findOneBy('installation_id', Number(wanted[1]))?.suspended_at) return json({ message: 'This installation has been suspended', status: '403' }, 403)
    const asked = await request.clone().text()
    const answer = await inner(request)
    if (answer.status !== 201) return answer
    const told = await answer.json()
    const until = Date.now() + world.lifetime.installation * 1000
    world.ends.set(told.token, until)
    tokens.get(told.token).installation.narrowed = /"repositor(y_ids|ies)"/.test(asked)
    return json({ ...told, expires_at: new Date(until).toISOString().replace(/\.\d+Z/, 'Z') }, 201)
  })

  // --- installing it, on GitHub's pages -------------------------------------------------------------------------------
  app.get('/apps/:slug/installations/new', c => {
    const row = gh.apps.findOneBy('slug', c.req.param('slug'))
    if (!row) return missing(c)
    const state = escaped(c.req.query('state') ?? '')
    const mine = owners().filter(o => !signedIn(c) || mayInstall(signedIn(c), o.login))
    const cards = mine.map(o => {
      const boxes = gh.repos.findBy('owner_id', o.id).filter(r => r.owner_type === typeOf(o.login)).map(r => `<label><input type="checkbox" name="repository" value="${r.id}"> ${escaped(r.full_name)}</label>`)
      const found = gh.appInstallations.findBy('app_id', row.app_id).find(i => i.account_login === o.login)
      return `<form method="post" action="/_web/installations"><h2>${escaped(o.login)}</h2><input type="hidden" name="app" value="${row.app_id}"><input type="hidden" name="account" value="${escaped(o.login)}">
        <input type="hidden" name="state" value="${state}">${boxes.join(' ')} <button>${found ? 'Save' : 'Install'} on ${escaped(o.login)}</button></form>`
    })
    return c.html(page(`Install ${row.name}`, cards.join('')))
  })
  const mayInstall = (login, target) => login === target || (typeOf(target) === 'Organization' && isMember(gh, owner(login).id, owner(target).id))
  app.post('/_web/installations', async c => {
    const form = await c.req.parseBody()
    const row = gh.apps.findOneBy('app_id', Number(form.app))
    const ids = [form.repository ?? []].flat().map(Number)
    const before = gh.appInstallations.findBy('app_id', row.app_id).find(i => i.account_login === form.account)
    const found = before ? await world.choose(before, ids) : await world.install(row, form.account, ids.length ? ids : null)
    const known = world.apps.get(row.app_id)
    if (!known.setup_url || (before && !known.setup_on_update)) return c.html(page('Installed', ''))
    const goal = new URL(known.setup_url)
    goal.searchParams.set('installation_id', found.installation_id)
    goal.searchParams.set('setup_action', before ? 'update' : 'install')
    if (form.state) goal.searchParams.set('state', form.state)
    return c.redirect(goal.href)
  })

  // --- as a person ----------------------------------------------------------------------------------------------------
  const person = c => c.get('authUser') && !c.get('authUser').installation && gh.users.findOneBy('login', c.get('authUser').login)
  const shown = (c, i) => reposOf(i).filter(repo => sees(world, c.get('authUser'), { ...repo, private: true }))
  const reposOf = i => gh.repos.all().filter(r => r.owner_id === i.account_id && r.owner_type === i.account_type && (i.repository_selection === 'all' || i.repository_ids.includes(r.id)))
  world.reposOf = reposOf
  world.installationJson = i => {
    const row = gh.apps.findOneBy('app_id', i.app_id)
    return {
      id: i.installation_id, app_id: i.app_id, app_slug: row.slug, account: account(i.account_login), target_id: i.account_id, target_type: i.account_type,
      repository_selection: i.repository_selection, permissions: i.permissions, events: i.events, created_at: i.created_at, updated_at: i.updated_at,
      suspended_at: i.suspended_at, suspended_by: i.suspended_at ? account(i.account_login) : null, single_file_name: null, has_multiple_single_files: false, single_file_paths: [],
      access_tokens_url: `${url}/app/installations/${i.installation_id}/access_tokens`, repositories_url: `${url}/installation/repositories`,
      html_url: i.account_type === 'User' ? `${url}/settings/installations/${i.installation_id}` : `${url}/organizations/${i.account_login}/settings/installations/${i.installation_id}`,
    }
  }
  const paged = (c, rows, key, format, more = {}) => {
    const [size, at] = [Math.min(Number(c.req.query('per_page') ?? 30), 100), Number(c.req.query('page') ?? 1)]
    const next = new URL(c.req.url)
    next.searchParams.set('page', at + 1)
    const headers = rows.length > at * size ? { Link: `<${url}${next.pathname}${next.search}>; rel="next"` } : {}
    return Promise.all(rows.slice((at - 1) * size, at * size).map(format)).then(found => c.json({ total_count: rows.length, ...more, [key]: found }, 200, headers))
  }
  const asRepo = c => async repo => (await app.request(`/repos/${repo.full_name}`, { headers: { Authorization: c.req.header('Authorization'), 'X-Stand-In': 'again' } })).json()
  const permissionsOf = (user, repo) => { // emulate says of everybody that they administer it.
    const isOwn = repo.owner_id === user.id && repo.owner_type === 'User'
    const theirs = gh.collaborators.findBy('repo_id', repo.id).find(row => row.user_id === user.id)?.permission ?? 'pull'
    const most = LEVELS.indexOf(isOwn || (repo.owner_type === 'Organization' && isMember(gh, user.id, repo.owner_id)) ? 'admin' : theirs)
    return Object.fromEntries(LEVELS.map((level, at) => [level, at <= most]))
  }
  app.get('/repos/:owner/:repo/collaborators/:login/permission', c => { // emulate says "push" where GitHub says "write".
    const [repo, user] = [gh.repos.findOneBy('full_name', `${c.req.param('owner')}/${c.req.param('repo')}`), gh.users.findOneBy('login', c.req.param('login'))]
    if (!user || !sees(world, c.get('authUser'), repo)) return missing(c)
    const may = permissionsOf(user, repo)
    const permission = may.admin ? 'admin' : may.push ? 'write' : sees(world, { login: user.login }, repo) ? 'read' : 'none'
    return c.json({ permission, role_name: permission, user: { login: user.login, id: user.id, type: 'User' } })
  })
  app.get('/user/installations', c => {
    const user = person(c)
    if (!user) return c.json({ message: 'Requires authentication', status: '401' }, 401)
    const mine = gh.appInstallations.all().filter(i => (i.account_type === 'User' && i.account_id === user.id) || shown(c, i).length || (i.account_type === 'Organization' && isMember(gh, user.id, i.account_id)))
    return paged(c, mine, 'installations', world.installationJson)
  })
  app.get('/user/installations/:id/repositories', c => {
    const user = person(c)
    const found = gh.appInstallations.findOneBy('installation_id', Number(c.req.param('id')))
    if (!user) return c.json({ message: 'Requires authentication', status: '401' }, 401)
    const isMine = found && ((found.account_type === 'User' && found.account_id === user.id) || shown(c, found).length || (found.account_type === 'Organization' && isMember(gh, user.id, found.account_id)))
    const seen = async repo => ({ ...await asRepo(c)(repo), permissions: permissionsOf(user, repo) })
    return isMine ? paged(c, shown(c, found), 'repositories', seen) : missing(c)
  })
  app.get('/user/:id{[0-9]+}', c => {
    const found = gh.users.get(Number(c.req.param('id')))
    return found ? c.json({ login: found.login, id: found.id, type: 'User' }) : missing(c)
  })
  app.get('/installation/repositories', c => {
    const user = c.get('authUser')
    if (!user?.installation) return c.json({ message: 'You must authenticate with an installation access token in order to list repositories for an installation.', status: '403' }, 403)
    const found = gh.appInstallations.findOneBy('installation_id', user.installation.installationId)
    const rows = reposOf(found).filter(r => user.installation.repositorySelection === 'all' || user.installation.repositoryIds.includes(r.id))
    return paged(c, rows, 'repositories', asRepo(c), { repository_selection: found.repository_selection })
  })
  wrap(app, async (request, url, inner) => { // emulate's page, and the button that says no.
    const answer = await inner(request)
    const back = url.searchParams.get('redirect_uri')
    if (url.pathname !== '/login/oauth/authorize' || answer.status !== 200 || !back) return answer
    const goal = new URL(back)
    for (const [name, value] of Object.entries({ error: 'access_denied', error_description: 'The user has denied your application access.', state: url.searchParams.get('state') ?? '' })) goal.searchParams.set(name, value)
    return new Response((await answer.text()).replace('</body>', `<p><a href="${escaped(goal.href)}">Cancel</a></p></body>`), { headers: answer.headers })
  })
  wrap(app, async (request, url, inner) => { // GitHub shows an organisation among the users too.
    const answer = await inner(request)
    const org = answer.status === 404 && gh.orgs.findOneBy('login', decodeURIComponent(/^\/users\/([^/]+)$/.exec(url.pathname)?.[1] ?? ''))
    return org ? json({ login: org.login, id: org.id, type: 'Organization', avatar_url: `${url.origin}/avatars/o/${org.login}` }) : answer
  })
  const challenges = new Map() // Proof keys (RFC 7636): of a state, then of the code that was given for it.
  wrap(app, async (request, url, inner) => {
    const q = url.searchParams
    if (url.pathname === '/login/oauth/authorize' && q.get('code_challenge_method') === 'S256') challenges.set(q.get('state'), q.get('code_challenge'))
    if (url.pathname === '/login/oauth/access_token') {
      const told = Object.fromEntries(new URLSearchParams(await request.clone().text()))
      const proof = createHash('sha256').update(told.code_verifier ?? '').digest('base64url')
      if (challenges.has(told.code) && challenges.get(told.code) !== proof) return json({ error: 'bad_verification_code', error_description: 'The code verifier does not match.' })
    }
    const answer = await inner(request)
    const goal = url.pathname === '/login/oauth/callback' && new URL(answer.headers.get('Location') ?? 'http://none')
    if (goal && challenges.has(goal.searchParams.get('state'))) challenges.set(goal.searchParams.get('code'), challenges.get(goal.searchParams.get('state')))
    return answer
  })
  wrap(app, async (request, url, inner) => { // A person's token that ends, and its renewal.
    if (url.pathname !== '/login/oauth/access_token') return inner(request)
    const text = await request.clone().text()
    const told = text.startsWith('{') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))
    if (told.grant_type === 'refresh_token') {
      const client = gh.oauthApps.findOneBy('client_id', told.client_id)
      if (client?.client_secret !== told.client_secret) return json({ error: 'incorrect_client_credentials', error_description: 'The client_id and/or client_secret passed are incorrect.' })
      const login = world.refresh.get(told.refresh_token)
      world.refresh.delete(told.refresh_token)
      if (!login) return json({ error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' })
      return json({ token_type: 'bearer', scope: '', ...world.userToken(login) })
    }
    const answer = await inner(request)
    if (!world.lifetime.user || answer.status !== 200) return answer
    const given = await answer.json()
    return json(given.access_token ? { ...given, ...world.userToken(tokens.get(given.access_token).login, given.access_token) } : given)
  })
  world.userToken = (login, given = `ghu_${secret()}`) => {
    tokens.set(given, { login, id: owner(login).id, scopes: ['repo', 'user', 'read:org'] })
    if (!world.lifetime.user) return { access_token: given }
    const refresh = `ghr_${secret(30)}`
    world.refresh.set(refresh, login)
    world.ends.set(given, Date.now() + world.lifetime.user * 1000)
    return { access_token: given, expires_in: world.lifetime.user, refresh_token: refresh, refresh_token_expires_in: 15897600 }
  }
  world.account = account
}

// Which permission an event of an App needs; GitHub refuses a manifest that lacks it.
const NEEDS = {
  push: ['contents'], create: ['contents'], delete: ['contents'], release: ['contents'], pull_request: ['pull_requests'], pull_request_review: ['pull_requests'],
  check_suite: ['checks'], check_run: ['checks'], status: ['statuses'], deployment: ['deployments'], deployment_status: ['deployments'], issue_comment: ['issues', 'pull_requests'],
  issues: ['issues'], repository: ['metadata'], public: ['metadata'], member: ['members'], organization: ['members'], workflow_run: ['actions'], label: ['issues', 'pull_requests'],
}
const LEVELS = ['pull', 'triage', 'push', 'maintain', 'admin']
const ALWAYS = ['meta', 'installation_target', 'security_advisory']
