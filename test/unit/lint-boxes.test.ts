import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as boxes from '../../src/pricing/lint/boxes.ts'

const test = suite('lint: boxes')
const { END, NOT_STATED, POWER_HIGH, POWER_LOW, UNIVERSE } = boxes

/** Periods whose highest and lowest power are within these places. */
function metered(high: [number, number], low: [number, number]): boxes.Box {
  const box = boxes.cutTo(UNIVERSE, POWER_HIGH, { from: high[0], to: high[1] })
  return boxes.cutTo(box, POWER_LOW, { from: low[0], to: low[1] })
}

test('either both powers of a period are stated or none, and the lowest is not above the highest', () => {
  assert.ok(boxes.isPossible(metered([NOT_STATED, 0], [NOT_STATED, 0])))
  assert.not(boxes.isPossible(metered([NOT_STATED, 0], [0, END])))
  assert.not(boxes.isPossible(metered([0, END], [NOT_STATED, 0])))
  assert.not(boxes.isPossible(metered([NOT_STATED, 3], [3, END])))
  assert.not(boxes.isPossible(metered([2, 3], [3, END])))
  assert.ok(boxes.isPossible(metered([2, 3], [2, 3])))
  assert.ok(boxes.isPossible(metered([2, 4], [3, END])))
})

test.run()
