import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Queue, type Queued } from './queue.ts'

interface Element extends Queued<Element> {
  readonly name: number
}

test('adding and taking out in any order, it is a Set in the order of arrival', () => {
  const step = fc.record({ element: fc.integer({ min: 0, max: 5 }), add: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const elements = Array.from({ length: 6 }, (_, name): Element => ({ name, older: undefined, newer: undefined }))
      const model = new Set<Element>()
      const queue = new Queue<Element>()
      const remove = (element: Element): void => {
        model.delete(element)
        queue.delete(element)
      }
      const add = (element: Element): void => {
        remove(element)
        model.add(element)
        queue.add(element)
      }
      for (const { element, add: adding } of steps) {
        const act = adding ? add : remove
        act(elements[element]!)
      }
      assert.equal(queue.size, model.size)
      const order: Element[] = []
      for (let next = queue.oldest; next !== undefined; next = queue.oldest) {
        order.push(next)
        queue.delete(next)
        assert.deepEqual([next.older, next.newer], [undefined, undefined])
      }
      assert.deepEqual(order, [...model])
    }),
  )
})
