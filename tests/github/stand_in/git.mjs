// Real git over HTTP from bare repositories (one folder an id, so that a rename changes nothing), authorised by the same
// tokens, and what was pushed told to emulate (same ids of objects) and to webhooks.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'

import { sees, wrap } from './guard.mjs'

const NONE = '0'.repeat(40)

export function gitRoutes (world) {
  const { app, gh, hooks, tokens, root, url: baseUrl } = world
  const folder = repo => path.join(root, `${repo.id}.git`)
  const git = (repo, ...args) => execFileSync('git', ['-C', folder(repo), ...args], { maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'pipe'] }).toString()
  const lines = text => text.split('\n').filter(Boolean)
  const refs = repo => Object.fromEntries(lines(git(repo, 'for-each-ref', '--format=%(refname) %(objectname)')).map(line => line.split(' ')))
  const ensure = repo => {
    if (!fs.existsSync(folder(repo))) execFileSync('git', ['init', '-q', '--bare', '-b', repo.default_branch, folder(repo)])
    return folder(repo)
  }
  const asSeen = async full => { // A repository as a webhook has it.
    const repo = gh.repos.findOneBy('full_name', full)
    const answer = await app.request(`/repos/${full}`, { headers: { Authorization: `Bearer ${world.rootToken(repo)}`, 'X-Stand-In': 'again' } })
    return answer.json()
  }

  const serve = async c => {
    const name = c.req.param('repo').replace(/\.git$/, '')
    const full = `${c.req.param('owner')}/${name}`
    const url = new URL(c.req.url)
    const rest = url.pathname.split('/').slice(3).join('/')
    const repo = gh.repos.findOneBy('full_name', full) ?? gh.repos.get(world.aliases.get(full) ?? 0)
    const isWrite = rest === 'git-receive-pack' || url.search.includes('git-receive-pack')
    const ask = () => c.body('Authentication required.', 401, { 'WWW-Authenticate': 'Basic realm="GitHub"' })
    const token = Buffer.from((c.req.header('Authorization') ?? '').replace(/^Basic /i, ''), 'base64').toString().split(':').slice(1).join(':')
    if ((world.ends.get(token) ?? Infinity) <= Date.now()) tokens.delete(token)
    const user = tokens.get(token)
    const installation = user?.installation && gh.appInstallations.findOneBy('installation_id', user.installation.installationId)
    if (token ? !user : (isWrite || !repo || repo.private)) return ask()
    if (user?.installation && (!installation || installation.suspended_at)) return ask()
    if (!sees(world, user, repo)) return c.text('Repository not found.', 404)
    if (user?.installation && !user.installation.permissions.contents) return c.text('Repository not found.', 404)
    if (isWrite && (user.installation ? user.installation.permissions.contents !== 'write' : !mayPush(user, repo))) {
      return c.text('Write access to repository not granted.', 403)
    }
    ensure(repo)
    const before = isWrite ? refs(repo) : null
    const answer = await backend(c, `/${repo.id}.git/${rest}`, url.search.slice(1))
    if (rest === 'git-receive-pack' && answer.status === 200) await pushed(repo, user, before)
    return answer
  }
  const mayPush = (user, repo) => {
    const person = gh.users.findOneBy('login', user.login)
    return (repo.owner_type === 'User' ? repo.owner_id === person?.id : sees(world, user, { ...repo, private: true })) ||
      gh.collaborators.findBy('repo_id', repo.id).some(row => row.user_id === person?.id && row.permission !== 'pull')
  }

  async function backend (c, place, query) {
    const header = name => c.req.header(name) ?? ''
    const optional = { HTTP_CONTENT_ENCODING: 'Content-Encoding', CONTENT_LENGTH: 'Content-Length', GIT_PROTOCOL: 'Git-Protocol' }
    const env = {
      PATH: process.env.PATH, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: 'x', REMOTE_ADDR: '127.0.0.1',
      GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'http.receivepack', GIT_CONFIG_VALUE_0: 'true',
      GIT_CONFIG_KEY_1: 'uploadpack.allowAnySHA1InWant', GIT_CONFIG_VALUE_1: 'true',
      REQUEST_METHOD: c.req.method, QUERY_STRING: query, PATH_INFO: place, CONTENT_TYPE: header('Content-Type'),
      ...Object.fromEntries(Object.entries(optional).filter(([, name]) => header(name)).map(([key, name]) => [key, header(name)])),
    }
    const child = spawn('git', ['http-backend'], { env })
    child.stdin.on('error', () => {})
    if (c.req.raw.body) Readable.fromWeb(c.req.raw.body).pipe(child.stdin); else child.stdin.end()
    const chunks = []
    for await (const chunk of child.stdout) chunks.push(chunk)
    const out = Buffer.concat(chunks)
    const end = out.indexOf('\r\n\r\n')
    const headers = {}
    let status = 200
    for (const line of out.subarray(0, end).toString().split('\r\n')) {
      const [name, ...value] = line.split(':')
      if (name.toLowerCase() === 'status') status = parseInt(value.join(':'), 10)
      else headers[name] = value.join(':').trim()
    }
    return new Response(out.subarray(end + 4), { status, headers })
  }

  // What emulate must know of objects to answer about them: learnt when it is first asked (`catchUp`), all heads at once.
  const unlearnt = new Map() // repository's id -> commits whose history it has not seen yet
  const later = (repo, sha) => { unlearnt.set(repo.id, [...(unlearnt.get(repo.id) ?? []), sha]) }
  const catchUp = repo => {
    const heads = unlearnt.get(repo.id)
    unlearnt.delete(repo.id)
    if (heads) for (const sha of lines(git(repo, 'rev-list', '--reverse', '--topo-order', ...heads))) learn(repo, sha)
  }
  wrap(app, (request, url, inner) => {
    const byName = url.pathname.match(/^\/repos\/([^/]+\/[^/]+)\/(git|contents|commits|compare|branches|pulls|readme|check)/)
    const repo = byName && gh.repos.findOneBy('full_name', byName[1])
    if (repo) for (const one of [repo, ...gh.repos.all().filter(r => r.forked_from_id === repo.id)]) catchUp(one)
    return inner(request)
  })
  function learn (repo, sha) {
    if (gh.commits.findBy('sha', sha).some(row => row.repo_id === repo.id)) return
    const raw = git(repo, 'cat-file', 'commit', sha)
    const cut = raw.indexOf('\n\n')
    const head = raw.slice(0, cut).split('\n')
    const all = name => head.filter(line => line.startsWith(`${name} `)).map(line => line.slice(name.length + 1))
    const who = line => {
      const [, name, email, seconds, zone] = line.match(/^(.*) <(.*)> (\d+) ([+-]\d{4})$/)
      const minutes = (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)))
      return { name, email, date: new Date((Number(seconds) + minutes * 60) * 1000).toISOString().slice(0, 19) + zone.slice(0, 3) + ':' + zone.slice(3) }
    }
    const [tree, author, committer] = [all('tree')[0], who(all('author')[0]), who(all('committer')[0])]
    learnTree(repo, tree)
    gh.commits.insert({
      repo_id: repo.id, sha, node_id: `C_${sha}`, message: raw.slice(cut + 2).replace(/\n$/, ''), tree_sha: tree, parent_shas: all('parent'),
      author_name: author.name, author_email: author.email, author_date: author.date,
      committer_name: committer.name, committer_email: committer.email, committer_date: committer.date, user_id: repo.owner_id,
    })
  }
  function learnTree (repo, sha) {
    const known = (rows, id) => rows.findBy('sha', id).some(row => row.repo_id === repo.id)
    if (known(gh.trees, sha)) return
    const entries = git(repo, 'ls-tree', '-z', '-l', sha).split('\0').filter(Boolean).map(line => {
      const [meta, name] = line.split('\t')
      const [mode, type, id, size] = meta.split(/ +/)
      if (type === 'tree') learnTree(repo, id)
      if (type === 'blob' && !known(gh.blobs, id)) {
        const bytes = execFileSync('git', ['-C', folder(repo), 'cat-file', 'blob', id], { maxBuffer: 1 << 28 })
        const isText = !bytes.includes(0) && Buffer.from(bytes.toString('utf8')).equals(bytes)
        gh.blobs.insert({ repo_id: repo.id, sha: id, node_id: `B_${id}`, content: bytes.toString(isText ? 'utf8' : 'base64'), encoding: isText ? 'utf-8' : 'base64', size: bytes.length })
      }
      return { path: name, mode, type, sha: id, ...(type === 'blob' && { size: Number(size) }) }
    })
    gh.trees.insert({ repo_id: repo.id, sha, node_id: `T_${sha}`, tree: entries, truncated: false })
  }
  function point (repo, ref, sha) {
    const old = gh.refs.findBy('repo_id', repo.id).find(row => row.ref === ref)
    const name = ref.replace('refs/heads/', '')
    const branch = ref.startsWith('refs/heads/') ? gh.branches.findBy('repo_id', repo.id).find(row => row.name === name) : null
    if (sha === NONE) { if (old) gh.refs.delete(old.id); if (branch) gh.branches.delete(branch.id); return }
    if (old) gh.refs.update(old.id, { sha }); else gh.refs.insert({ repo_id: repo.id, ref, sha, node_id: `R_${ref}` })
    if (!ref.startsWith('refs/heads/')) return
    if (branch) gh.branches.update(branch.id, { sha }); else gh.branches.insert({ repo_id: repo.id, name, sha, protected: false })
  }

  // Commits as a push tells of them, oldest first; one process for all.
  const commitsJson = (repo, ...range) => {
    const told = git(repo, 'log', '--reverse', '--name-status', '--no-renames', '--format=%x01%H%n%T%n%cI%n%an%n%ae%n%cn%n%ce%n%B%x02', ...range)
    return told.split('\x01').slice(1).slice(-2048).map(part => {
      const [head, names] = part.split('\x02')
      const [sha, tree, at, author, authorMail, committer, committerMail, ...message] = head.replace(/\n+$/, '').split('\n')
      const files = lines(names).map(line => line.split('\t'))
      const of = kind => files.filter(([status]) => status === kind).map(([, file]) => file)
      return {
        id: sha, tree_id: tree, distinct: true, message: message.join('\n'), timestamp: at, url: `${baseUrl}/${repo.full_name}/commit/${sha}`,
        author: { name: author, email: authorMail }, committer: { name: committer, email: committerMail },
        added: of('A'), removed: of('D'), modified: of('M'),
      }
    })
  }

  // After refs of a repository moved: emulate and its webhooks hear of it, like GitHub's would.
  async function pushed (repo, user, before) {
    const after = refs(repo)
    const known = Object.values(before).map(sha => '^' + sha)
    for (const ref of [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(name => before[name] !== after[name])) {
      await moved(gh.repos.get(repo.id), user, ref, before[ref] ?? NONE, after[ref] ?? NONE, known)
    }
  }
  async function moved (repo, user, ref, before, after, known) {
    const isBranch = ref.startsWith('refs/heads/')
    const commit = after === NONE ? null : isBranch ? after : git(repo, 'rev-parse', `${after}^{commit}`).trim() // An annotated tag leads to one.
    if (commit) later(repo, commit)
    point(repo, ref, commit ?? NONE)
    gh.repos.update(repo.id, { pushed_at: new Date().toISOString(), size: 1 })
    const [owner, name] = repo.full_name.split('/')
    const seen = await asSeen(repo.full_name)
    const person = gh.users.findOneBy('login', user.login) ?? { login: user.login, id: user.id }
    const sender = { login: person.login, id: person.id, type: 'User', avatar_url: `${baseUrl}/avatars/u/${person.login}` }
    const since = before === NONE ? known : ['^' + before]
    const fresh = commit && isBranch ? commitsJson(repo, commit, ...since) : []
    const push = {
      ref, before, after, created: before === NONE, deleted: after === NONE, forced: before !== NONE && after !== NONE && isBranch && !isAncestor(repo, before, after),
      base_ref: null, compare: `${baseUrl}/${repo.full_name}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
      commits: fresh, head_commit: commit ? fresh.find(row => row.id === commit) ?? commitsJson(repo, '-1', commit)[0] : null,
      pusher: { name: sender.login, email: `${sender.login}@example.com` },
      repository: { ...seen, pushed_at: Math.floor(Date.now() / 1000), created_at: Math.floor(Date.parse(seen.created_at) / 1000), master_branch: seen.default_branch },
      sender,
    }
    await hooks.dispatch('push', undefined, push, owner, name)
    if (before === NONE || after === NONE) {
      const body = { ref: ref.replace(/^refs\/(heads|tags)\//, ''), ref_type: isBranch ? 'branch' : 'tag', master_branch: seen.default_branch, description: seen.description, pusher_type: 'user', repository: seen, sender }
      await hooks.dispatch(after === NONE ? 'delete' : 'create', undefined, body, owner, name)
    }
    if (isBranch && commit) await synchronized(repo, ref.replace('refs/heads/', ''), before, commit, sender)
  }
  async function synchronized (repo, branch, before, after, sender) {
    for (const pull of gh.pullRequests.all().filter(row => row.state === 'open' && row.head_repo_id === repo.id && row.head_ref === branch)) {
      gh.pullRequests.update(pull.id, { head_sha: after })
      const base = gh.repos.get(pull.repo_id)
      const [owner, name] = base.full_name.split('/')
      const shown = await (await app.request(`/repos/${base.full_name}/pulls/${pull.number}`, { headers: { Authorization: `Bearer ${world.rootToken(base)}`, 'X-Stand-In': 'again' } })).json()
      await hooks.dispatch('pull_request', 'synchronize', { action: 'synchronize', number: pull.number, before, after, pull_request: shown, repository: await asSeen(base.full_name), sender }, owner, name)
    }
  }
  const isAncestor = (repo, older, newer) => { try { git(repo, 'merge-base', '--is-ancestor', older, newer); return true } catch { return false } }

  app.get('/:owner/:repo{[^/]+\\.git}/info/refs', serve)
  app.post('/:owner/:repo{[^/]+\\.git}/git-upload-pack', serve)
  app.post('/:owner/:repo{[^/]+\\.git}/git-receive-pack', serve)

  // A token of whoever owns a repository, for what the stand-in asks of itself.
  world.rootToken = repo => {
    const login = repo.owner_type === 'User' ? gh.users.get(repo.owner_id).login
      : gh.users.get(gh.teamMembers.all().find(row => gh.teams.get(row.team_id)?.org_id === repo.owner_id)?.user_id)?.login
    const token = `gho_root_${login}`
    if (!tokens.has(token)) tokens.set(token, { login, id: gh.users.findOneBy('login', login).id, scopes: ['repo', 'user', 'admin:org'] })
    return token
  }
  // A fork starts as its parent is: the same objects, the same refs.
  const fork = (parent, repo) => {
    git(repo, 'fetch', '-q', ensure(parent), '+refs/*:refs/*')
    for (const [ref, sha] of Object.entries(refs(repo))) {
      const commit = git(repo, 'rev-parse', `${sha}^{commit}`).trim()
      later(repo, commit)
      point(repo, ref, commit)
    }
  }
  // A commit as `git push` would bring it, made here in one process; the new commit's id. `from`: what it stands on.
  const commit = async (repo, user, { branch, files, remove = [], message, from }) => {
    const before = refs(ensure(repo) && repo)
    const path = name => JSON.stringify(name)
    const text = [
      `commit refs/heads/${branch}\n`, `committer Ada <ada@example.com> ${Math.floor(Date.now() / 1000)} +0000\n`,
      `data ${Buffer.byteLength(message)}\n${message}\n`, from ? `from ${from}\n` : '',
      ...remove.map(name => `D ${path(name)}\n`),
      ...Object.entries(files).map(([name, body]) => `M 100644 inline ${path(name)}\ndata ${Buffer.byteLength(body)}\n${body}\n`),
    ].join('')
    execFileSync('git', ['-C', folder(repo), 'fast-import', '--quiet', '--force'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] })
    await pushed(repo, user, before)
    return refs(repo)[`refs/heads/${branch}`]
  }
  // Merges `head` of one repository into a branch of another, as the button does; null when it does not merge cleanly.
  const merge = async (base, branch, from, head, user, message) => {
    const before = refs(ensure(base) && base)
    git(base, 'fetch', '-q', folder(from), head)
    let tree
    try { tree = git(base, 'merge-tree', '--write-tree', `refs/heads/${branch}`, head).split('\n')[0] } catch { return null }
    const who = { GIT_AUTHOR_NAME: user.login, GIT_AUTHOR_EMAIL: `${user.login}@example.com`, GIT_COMMITTER_NAME: 'GitHub', GIT_COMMITTER_EMAIL: 'noreply@github.com' }
    const argv = ['-C', folder(base), 'commit-tree', tree, '-p', before[`refs/heads/${branch}`], '-p', head, '-m', message]
    const sha = execFileSync('git', argv, { env: { ...process.env, ...who } }).toString().trim()
    git(base, 'update-ref', `refs/heads/${branch}`, sha)
    return { sha, announce: () => pushed(base, user, before) }
  }
  // The head of a pull request stands in the repository that it is for, also when it is from a fork.
  const showPull = pull => {
    const [base, head] = [gh.repos.get(pull.base.repo.id), pull.head.repo && gh.repos.get(pull.head.repo.id)]
    if (base && head) git(base, 'fetch', '-q', folder(head), `+${pull.head.sha}:refs/pull/${pull.number}/head`)
  }
  return { ensure, refs, fork, merge, commit, showPull, asSeen, resolve: (repo, ref) => { try { return git(repo, 'rev-parse', '--verify', '-q', `${ref}^{commit}`).trim() } catch { return null } } }
}
