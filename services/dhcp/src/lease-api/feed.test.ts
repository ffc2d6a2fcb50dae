import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeaseEvent } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { Feed } from './feed.ts'

const NOW = 1000 as Instant

function source() {
  const listeners = new Set<(news: LeaseEvent | 'lost') => void>()
  const event = (address: number): LeaseEvent => ({
    at: NOW,
    kind: 'bound',
    client: 'a',
    address: address as Ipv4Address,
    expiresAt: NOW,
  })
  return {
    listeners,
    watch(listener: (news: LeaseEvent | 'lost') => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    run: async () => [],
    tell(...news: (number | 'lost')[]) {
      for (const one of news) for (const listener of listeners) listener(one === 'lost' ? one : event(one))
    },
  }
}

test('nothing is listened to before the first watcher, and one subscription serves all of them', () => {
  const books = source()
  const feed = new Feed(books, () => NOW)
  assert.equal(books.listeners.size, 0)
  feed.open()
  feed.open()
  assert.equal(books.listeners.size, 1)
  feed.close()
  assert.equal(books.listeners.size, 0)
})

test('what was missed is told in parts, as far back as is kept', () => {
  const books = source()
  const feed = new Feed(books, () => NOW, 4)
  feed.open()
  books.tell(1, 2, 3)
  const addresses = (revision: number, count = 100) => feed.since(feed.epoch, revision, count)?.map((e) => e.address)
  assert.deepEqual(addresses(1), [1, 2, 3])
  assert.deepEqual(addresses(2, 1), [2])
  assert.deepEqual(addresses(feed.revision), [])
  assert.equal(feed.since('another', 1, 9), undefined)
  assert.equal(addresses(99), undefined)
  books.tell(...Array.from({ length: 20 }, (_, i) => 10 + i))
  assert.equal(addresses(1), undefined)
  assert.deepEqual(addresses(feed.revision - 2), [28, 29])
  feed.close()
})

test('when the books cannot tell what happened a new epoch begins, and who waits is woken', async () => {
  const books = source()
  const feed = new Feed(books, () => NOW)
  feed.open()
  const { epoch } = feed
  const woken = feed.next(new AbortController().signal)
  books.tell('lost')
  await woken
  assert.notEqual(feed.epoch, epoch)
  assert.equal(feed.since(epoch, 1, 9), undefined)
  feed.close()
})
