import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  amountText,
  decimalsOf,
  figureOf,
  figureText,
  minorDigits,
  perFigure,
  readFigure,
  roundHalfUp,
  sizeOf,
  timesFigure,
  unitFigure,
} from '../../src/pricing/figures.ts'

const test = suite('compare: figures')

test('a figure is read and written exactly', () => {
  for (const text of ['0', '12.5', '-0.0001', `${'9'.repeat(30)}.${'1'.repeat(40)}`])
    assert.is(figureText(figureOf(text)), text)
  assert.is(readFigure(0.1), figureOf('0.1'))
  assert.is(readFigure('1e-3'), figureOf('0.001'))
  for (const value of ['ten', null, {}, '', 1e13]) assert.is(readFigure(value), null)
  for (const text of ['ten', '1e3', '+1', '1.', '.5', ' 1', '1 ', `0.${'1'.repeat(41)}`])
    assert.throws(() => figureOf(text), / is no decimal number$/)
})

test('halves are rounded away from zero', () => {
  const rounded = (text: string, digits: number): string =>
    figureText(roundHalfUp(figureOf(text), digits))
  assert.is(rounded('5.125', 2), '5.13')
  assert.is(rounded('5.1249999', 2), '5.12')
  assert.is(rounded('-5.125', 2), '-5.13')
  assert.is(rounded('-5.1249999', 2), '-5.12')
  assert.is(rounded('0.5', 0), '1')
  assert.is(rounded('0.49', 0), '0')
  assert.is(
    rounded('0.0000000000000000000000000000000000000001', 50),
    '0.0000000000000000000000000000000000000001',
  )
})

test('decimals are those that were written', () => {
  for (const [text, decimals] of [
    ['1', 0],
    ['1.50', 1],
    ['-1.0625', 4],
    ['100', 0],
  ] as const)
    assert.is(decimalsOf(figureOf(text)), decimals)
})

test('products and quotients are exact to the 40th decimal', () => {
  assert.is(figureText(timesFigure(figureOf('1.5'), figureOf('-0.21'))), '-0.315')
  assert.is(figureText(perFigure(figureOf('1'), figureOf('8'))), '0.125')
  assert.is(figureText(perFigure(figureOf('1'), figureOf('3'))), `0.${'3'.repeat(40)}`)
  assert.is(sizeOf(figureOf('-2')), figureOf('2'))
  assert.is(unitFigure(0), figureOf('1'))
  assert.is(unitFigure(3), figureOf('0.001'))
})

test('amounts are told with the digits of their currency, more where they matter, at most six', () => {
  const told = (text: string, currency: string): string => amountText(figureOf(text), currency)
  assert.is(told('12', 'EUR'), '12.00 EUR')
  assert.is(told('12.5', 'EUR'), '12.50 EUR')
  assert.is(told('-12.3456785', 'EUR'), '-12.345679 EUR')
  assert.is(told('12', 'JPY'), '12 JPY')
  assert.is(told('12.5', 'JPY'), '12.5 JPY')
  assert.is(told('1.2', 'KWD'), '1.200 KWD')
  assert.is(told('1', 'XXX'), '1.00 XXX')
})

test('minor units are those of ISO 4217, in any case of letters', () => {
  assert.equal(['EUR', 'eur', 'JPY', 'KWD', 'CLF', 'none'].map(minorDigits), [2, 2, 0, 3, 4, 2])
})

test.run()
