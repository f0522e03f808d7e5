// What a test does as the world: people, repositories, installations and their lives, faults; and what it looks at.
// Everything stands beneath /_test and answers JSON; webhooks of a change have arrived before the answer, unless `async`.
export function controlRoutes (world) {
  const { app, gh, tokens, aliases, url } = world
  const at = (path, act) => app.post(`/_test/${path}`, async c => {
    const told = await c.req.json().catch(() => ({}))
    const answer = await act(told)
    if (!told.async) await world.settle()
    return c.json(answer ?? {})
  })
  const account = login => gh.users.findOneBy('login', login) ?? gh.orgs.findOneBy('login', login)
  const repo = told => gh.repos.get(told.id ?? 0) ?? gh.repos.findOneBy('full_name', told.repository)
  const installation = told => gh.appInstallations.findOneBy('installation_id', told.installation)
  const ids = names => names.map(name => gh.repos.findOneBy('full_name', name).id)
  const brief = id => { const r = gh.repos.get(id); return { id: r.id, node_id: r.node_id, name: r.name, full_name: r.full_name, private: r.private } }

  at('user', ({ login, name }) => {
    const row = account(login) ?? gh.users.insert({ login, node_id: `U_${login}`, avatar_url: `${url}/avatars/u/${login}`, gravatar_id: '', type: 'User', site_admin: false, name: name ?? login, company: null, blog: '', location: null, email: `${login}@example.com`, hireable: null, bio: null, twitter_username: null, public_repos: 0, public_gists: 0, followers: 0, following: 0 })
    return { id: row.id, login, ...world.userToken(login) }
  })
  at('org', ({ login, members }) => {
    const org = account(login) ?? gh.orgs.insert({ login, node_id: `O_${login}`, description: null, name: login, company: null, blog: '', location: null, email: null, twitter_username: null, is_verified: false, has_organization_projects: true, has_repository_projects: true, public_repos: 0, public_gists: 0, followers: 0, following: 0, members_can_create_repositories: true, default_repository_permission: 'read', billing_email: null })
    const team = gh.teams.findBy('org_id', org.id)[0] ?? gh.teams.insert({ node_id: '', name: 'members', slug: 'members', description: null, privacy: 'closed', permission: 'pull', org_id: org.id, parent_id: null, members_count: 0, repos_count: 0 })
    for (const row of gh.teamMembers.findBy('team_id', team.id)) gh.teamMembers.delete(row.id)
    for (const member of members) gh.teamMembers.insert({ team_id: team.id, user_id: gh.users.findOneBy('login', member).id, role: 'member' })
    return { id: org.id, login }
  })
  world.createRepo = ({ owner, name, ...more }) => {
    const holder = account(owner)
    const row = gh.repos.insert({
      node_id: '', name, full_name: `${owner}/${name}`, owner_id: holder.id, owner_type: gh.users.findOneBy('login', owner) ? 'User' : 'Organization', private: !!more.private, description: more.description ?? null,
      fork: !!more.fork, forked_from_id: more.forked_from_id ?? null, homepage: null, language: null, languages: {}, forks_count: 0, stargazers_count: 0, watchers_count: 0, size: 0,
      default_branch: more.default_branch ?? 'main', open_issues_count: 0, topics: [], has_issues: true, has_projects: true, has_wiki: true, has_pages: false, has_downloads: true, has_discussions: false,
      archived: false, disabled: false, visibility: more.private ? 'private' : 'public', pushed_at: null, allow_rebase_merge: true, allow_squash_merge: true, allow_merge_commit: true, allow_auto_merge: false,
      delete_branch_on_merge: false, allow_forking: true, is_template: false, license: null,
    })
    gh.repos.update(row.id, { node_id: `R_${row.id}` })
    world.git.ensure(gh.repos.get(row.id))
    return gh.repos.get(row.id)
  }
  at('repo', async told => { // An account whose every repository the App sees is told of a new one.
    const row = world.createRepo(told)
    for (const i of gh.appInstallations.all().filter(i => i.repository_selection === 'all' && i.account_id === row.owner_id && i.account_type === row.owner_type)) await changed(i, 'added', [row.id])
    return { id: row.id, full_name: row.full_name, clone_url: `${url}/${row.full_name}.git` }
  })
  at('commit', async told => {
    const r = repo(told)
    const heads = world.git.refs(r)
    const parent = heads[`refs/heads/${told.branch}`] ?? (told.start ? world.git.resolve(r, `refs/heads/${told.start}`) ?? told.start : '')
    const from = told.force ? world.git.resolve(r, `${parent}~1`) : parent
    const user = told.person ? { login: told.person } : tokens.get(world.rootToken(r))
    return { sha: await world.git.commit(r, user, { ...told, from }) }
  })
  at('collaborator', ({ repository, login, permission }) => { gh.collaborators.insert({ repo_id: repo({ repository }).id, user_id: account(login).id, permission: permission ?? 'push' }) })

  at('app', told => {
    const row = world.createApp(told)
    const { client_id, client_secret } = world.apps.get(row.app_id)
    return { ...world.appJson(row), client_id, client_secret, webhook_secret: row.webhook_secret, pem: row.private_key }
  })
  at('app/change', ({ app_id, webhook_url, ...more }) => {
    const row = gh.apps.findOneBy('app_id', app_id)
    if (webhook_url !== undefined) { gh.apps.update(row.id, { webhook_url }); world.apps.get(app_id).hook_url = webhook_url }
    if (more.permissions) gh.apps.update(row.id, { permissions: more.permissions })
    Object.assign(world.apps.get(app_id), more)
    if (more.callback_urls) { const client = gh.oauthApps.findOneBy('client_id', world.apps.get(app_id).client_id); gh.oauthApps.update(client.id, { redirect_uris: more.callback_urls }) }
  })

  // --- installations --------------------------------------------------------------------------------------------------
  const tell = (i, event, body) => world.deliver(gh.apps.findOneBy('app_id', i.app_id), event, { ...body, installation: world.installationJson(i), sender: world.account(gh.users.findOneBy('login', i.account_login) ? i.account_login : 'admin') })
  const lifecycle = (i, action) => tell(i, 'installation', { action, repositories: ['created', 'deleted', 'suspend', 'unsuspend'].includes(action) ? world.reposOf(i).map(r => brief(r.id)) : undefined, requester: action === 'created' ? null : undefined })
  const changed = (i, action, repositories) => tell(i, 'installation_repositories', { action, repository_selection: i.repository_selection, repositories_added: action === 'added' ? repositories.map(brief) : [], repositories_removed: action === 'removed' ? repositories.map(brief) : [], requester: null })
  world.install = async (row, login, some) => {
    const holder = account(login)
    const i = gh.appInstallations.insert({
      installation_id: 60_000 + gh.appInstallations.all().length + world.deliveries.length, app_id: row.app_id, account_type: gh.users.findOneBy('login', login) ? 'User' : 'Organization', account_id: holder.id, account_login: login,
      repository_selection: some ? 'selected' : 'all', repository_ids: some ?? [], permissions: { ...row.permissions }, events: [...row.events], suspended_at: null,
    })
    await lifecycle(i, 'created')
    return i
  }
  world.choose = async (i, wanted) => {
    const before = world.reposOf(i).map(r => r.id)
    gh.appInstallations.update(i.id, { repository_selection: wanted.length ? 'selected' : 'all', repository_ids: wanted })
    const fresh = gh.appInstallations.get(i.id)
    const after = world.reposOf(fresh).map(r => r.id)
    const [added, removed] = [after.filter(id => !before.includes(id)), before.filter(id => !after.includes(id))]
    if (added.length) await changed(fresh, 'added', added)
    if (removed.length) await changed(fresh, 'removed', removed)
    return fresh
  }
  world.uninstall = async i => {
    const gone = lifecycle(i, 'deleted')
    for (const [token, user] of tokens) if (user.installation?.installationId === i.installation_id) tokens.delete(token)
    gh.appInstallations.delete(i.id)
    await gone
  }
  at('install', async ({ app_id, account: login, repositories }) => ({ id: (await world.install(gh.apps.findOneBy('app_id', app_id), login, repositories ? ids(repositories) : null)).installation_id }))
  at('install/choose', async told => { await world.choose(installation(told), ids(told.repositories)) })
  at('install/delete', told => world.uninstall(installation(told)))
  at('install/suspend', async told => { gh.appInstallations.update(installation(told).id, { suspended_at: new Date().toISOString() }); await lifecycle(installation(told), 'suspend') })
  at('install/unsuspend', async told => { gh.appInstallations.update(installation(told).id, { suspended_at: null }); await lifecycle(installation(told), 'unsuspend') })
  at('install/permissions', async told => { gh.appInstallations.update(installation(told).id, { permissions: told.permissions }); await lifecycle(installation(told), 'new_permissions_accepted') })

  // --- a repository's life --------------------------------------------------------------------------------------------
  const seers = r => gh.appInstallations.all().filter(i => !i.suspended_at && world.reposOf(i).some(one => one.id === r.id))
  const announce = async (r, action, more = {}, to = seers(r)) => {
    const repository = await world.git.asSeen(gh.repos.get(r.id).full_name)
    for (const i of to) await world.deliver(gh.apps.findOneBy('app_id', i.app_id), 'repository', { action, ...more, repository, sender: repository.owner, installation: { id: i.installation_id, node_id: 'I_' } })
  }
  at('repo/rename', async told => {
    const r = repo(told)
    aliases.set(r.full_name, r.id)
    const full = `${r.full_name.split('/')[0]}/${told.name}`
    gh.repos.update(r.id, { name: told.name, full_name: full })
    await announce(r, 'renamed', { changes: { repository: { name: { from: r.name } } } })
    return { full_name: full }
  })
  at('repo/transfer', async told => { // The account before it loses it; the new one has it if the App is there.
    const r = { ...repo(told) }
    const before = seers(r)
    const holder = account(told.owner)
    aliases.set(r.full_name, r.id)
    gh.repos.update(r.id, { owner_id: holder.id, owner_type: gh.users.findOneBy('login', told.owner) ? 'User' : 'Organization', full_name: `${told.owner}/${r.name}` })
    for (const i of before) {
      gh.appInstallations.update(i.id, { repository_ids: i.repository_ids.filter(id => id !== r.id) })
      await changed(i, 'removed', [r.id])
    }
    const old = r.owner_type === 'User' ? { user: { login: r.full_name.split('/')[0], id: r.owner_id, type: 'User' } } : { organization: { login: r.full_name.split('/')[0], id: r.owner_id } }
    for (const i of seers(gh.repos.get(r.id))) { await announce(r, 'transferred', { changes: { owner: { from: old } } }, [i]); await changed(i, 'added', [r.id]) }
    return { full_name: `${told.owner}/${r.name}` }
  })
  at('repo/visibility', async told => {
    const r = repo(told)
    gh.repos.update(r.id, { private: told.private, visibility: told.private ? 'private' : 'public' })
    await announce(r, told.private ? 'privatized' : 'publicized')
  })
  at('repo/archive', async told => { gh.repos.update(repo(told).id, { archived: told.archived }); await announce(repo(told), told.archived ? 'archived' : 'unarchived') })
  at('repo/default-branch', async told => {
    const from = repo(told).default_branch
    gh.repos.update(repo(told).id, { default_branch: told.branch })
    await announce(repo(told), 'edited', { changes: { default_branch: { from } } })
  })
  at('repo/delete', async told => {
    const r = repo(told)
    const to = seers(r)
    await announce(r, 'deleted', {}, to)
    for (const i of to.filter(one => one.repository_selection === 'selected')) {
      gh.appInstallations.update(i.id, { repository_ids: i.repository_ids.filter(id => id !== r.id) })
      await tell(i, 'installation_repositories', { action: 'removed', repository_selection: i.repository_selection, repositories_added: [], repositories_removed: [{ id: r.id, node_id: r.node_id, name: r.name, full_name: r.full_name, private: r.private }], requester: null })
    }
    gh.repos.delete(r.id)
  })

  // --- faults, and what was seen --------------------------------------------------------------------------------------
  at('fault', fault => { world.faults.push({ times: 1, path: '', ...fault }) })
  at('faults/clear', () => { for (const fault of world.faults.splice(0)) for (const done of fault.waiting ?? []) done() })
  at('lifetime', told => { Object.assign(world.lifetime, told) })
  at('tokens/end', ({ kind }) => { for (const token of tokens.keys()) if (token.startsWith(kind ?? 'ghs_')) tokens.delete(token) })
  at('settle', () => ({}))
  at('deliver', async ({ app_id, event, payload, guid }) => { await world.deliver(gh.apps.findOneBy('app_id', app_id), event, payload, guid) })
  app.get('/_test/repo', c => {
    const r = gh.repos.get(Number(c.req.query('id')))
    if (r) world.rootToken(r)
    return c.json(r ? { full_name: r.full_name, acting: world.rootToken(r).slice('gho_root_'.length), default_branch: r.default_branch, refs: world.git.refs(r) } : {})
  })
  app.get('/_test/seen', c => c.json(world.seen.slice(Number(c.req.query('since') ?? 0))))
  app.get('/_test/seen/count', c => c.json({ count: world.seen.length }))
  app.get('/_test/deliveries', c => c.json(world.deliveries.filter(d => !c.req.query('app_id') || d.app_id === Number(c.req.query('app_id')))))
  app.get('/_test/told', c => { // What we told GitHub of one repository.
    const r = repo({ repository: c.req.query('repository') })
    return c.json({
      deployments: world.deployments.filter(d => d.repo_id === r.id).map(d => ({ ...d, statuses: world.deploymentStatuses.filter(s => s.deployment_id === d.id) })),
      statuses: world.statuses.filter(s => s.repo_id === r.id),
      comments: gh.comments.findBy('repo_id', r.id).map(row => ({ ...row, login: gh.users.get(row.user_id)?.login })),
    })
  })
}
