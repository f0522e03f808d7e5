// Every webhook that leaves: headers as GitHub's, kept for `/app/hook/deliveries`, and a way to wait until all have arrived.
import { createHmac, randomUUID } from 'node:crypto'

const MUTED = 'http://nowhere.invalid' // Apps with this address get nothing sent; a test takes their deliveries itself.

export function deliveryWatch (world) {
  const { gh, deliveries } = world
  const fetch = globalThis.fetch
  const flying = new Set()
  let last = 1000

  const appOf = payload => {
    const found = payload.installation && gh.appInstallations.findOneBy('installation_id', payload.installation.id)
    return gh.apps.findOneBy('app_id', found?.app_id ?? payload.installation?.app_id ?? payload.hook?.app_id)
  }
  const headersOf = (app, event, body, guid) => ({
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/5ca1ab1e',
    'X-GitHub-Delivery': guid,
    'X-GitHub-Event': event,
    'X-GitHub-Hook-ID': String(app.app_id + 7000),
    'X-GitHub-Hook-Installation-Target-ID': String(app.app_id),
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    ...(app.webhook_secret && {
      'X-Hub-Signature': 'sha1=' + createHmac('sha1', app.webhook_secret).update(body).digest('hex'),
      'X-Hub-Signature-256': 'sha256=' + createHmac('sha256', app.webhook_secret).update(body).digest('hex'),
    }),
  })

  async function send (app, event, payload, guid = randomUUID(), redelivery = false) {
    const body = JSON.stringify(payload)
    const headers = headersOf(app, event, body, guid)
    const row = {
      id: ++last, app_id: app.app_id, guid, delivered_at: new Date().toISOString(), redelivery, duration: 0,
      status: 'timed out', status_code: 0, event, action: payload.action ?? null,
      installation_id: payload.installation?.id ?? null, repository_id: payload.repository?.id ?? null,
      url: app.webhook_url, throttled_at: null, request: { headers, payload, body }, response: { headers: {}, payload: '' },
    }
    deliveries.push(row)
    if (!app.webhook_url || app.webhook_url.startsWith(MUTED)) return row
    if (event === 'push' && world.apps.get(app.app_id)?.lost > 0) { world.apps.get(app.app_id).lost -= 1; row.status = 'failed to connect to host'; return row }
    const began = Date.now()
    try {
      const answer = await fetch(app.webhook_url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
      const text = await answer.text()
      Object.assign(row, { status: answer.statusText || (answer.ok ? 'OK' : 'failed'), status_code: answer.status })
      row.response = { headers: Object.fromEntries(answer.headers), payload: text.slice(0, 10_000) }
    } catch (error) {
      row.status = error.name === 'TimeoutError' ? 'timed out' : 'failed to connect to host'
    }
    row.duration = (Date.now() - began) / 1000
    return row
  }
  const tracked = promise => { flying.add(promise); promise.finally(() => flying.delete(promise)).catch(() => {}); return promise }

  // emulate sends an App's webhooks by `fetch`; we send them instead.
  globalThis.fetch = (url, options) => {
    const event = options?.headers?.['X-GitHub-Event']
    if (!event) return fetch(url, options)
    const payload = JSON.parse(options.body)
    const app = appOf(payload)
    if (!app) return fetch(url, options)
    return tracked(send(app, event, payload)).then(() => new Response('', { status: 200 }))
  }

  const settle = async () => {
    do {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
      await Promise.allSettled([...flying])
    } while (flying.size)
  }
  return { deliver: (app, event, payload) => tracked(send(app, event, payload)), redeliver: row => tracked(send(gh.apps.findOneBy('app_id', row.app_id), row.event, row.request.payload, row.guid, true)), settle }
}
