import { describe, expect, it } from '@jest/globals';
import { flattenTree, unflattenTree } from '../../src/formats/tree.ts';
import { type Tensor, tensor } from 'tapegrad';

const x = tensor([1, 2]);

describe('flattenTree', () => {
  it('names tensors by their dotted paths', () => {
    const table = flattenTree({ layers: [{ w: x }, { w: x, b: 0.5 }], 'a.b': x });
    expect(Object.keys(table)).toEqual(['layers.0.w', 'layers.1.w', 'layers.1.b', 'a.b']);
    expect(table['layers.1.b'].toArray()).toBe(0.5);
    expect(table['layers.1.b'].dtype).toBe('f64');
  });

  it('leaves out null, undefined and what is empty', () => {
    expect(Object.keys(flattenTree({ a: null, b: undefined, c: [], d: {}, e: x }))).toEqual(['e']);
  });

  it('refuses two paths with one name', () => {
    expect(() => flattenTree({ 'a.b': x, a: { b: x } })).toThrow("flattenTree: two paths have the name 'a.b'");
  });

  it.each([
    ['a single tensor', x, 'give tensors a name'],
    ['a text', { a: ['relu'] }, "'a.0' is a string"],
    ['an instance of a class', { a: new Map() }, "'a' is a Map"],
  ])('refuses %s', (_, tree, message) => {
    expect(() => flattenTree(tree)).toThrow(message);
  });

  it('refuses a tree that holds itself', () => {
    const tree: { self?: object } = {};
    tree.self = tree;
    expect(() => flattenTree(tree)).toThrow('holds itself');
  });
});

describe('unflattenTree', () => {
  it('makes arrays of consecutive numbers and objects of all else', () => {
    const tree = unflattenTree({ 'a.1': x, 'a.0': x, 'b.0': x, 'b.2': x, 'c.00': x, '': x });
    expect(tree).toEqual({ a: [x, x], b: { 0: x, 2: x }, c: { '00': x }, '': x });
  });

  it('is an empty object for an empty table', () => {
    expect(unflattenTree({})).toEqual({});
  });

  it.each([[['a', 'a.b']], [['a.b', 'a']], [['a.b.c', 'a.b']]])('refuses %j', (names) => {
    expect(() => unflattenTree(Object.fromEntries(names.map((name) => [name, x])))).toThrow('tensor and level');
  });

  it('refuses a __proto__ level', () => {
    const table = Object.fromEntries([['a.__proto__.b', x]]);
    expect(() => unflattenTree(table)).toThrow('__proto__');
  });

  it('keeps other names of Object.prototype', () => {
    const tree = unflattenTree({ 'constructor.prototype.a': x }) as unknown as Record<string, object>;
    expect(Object.keys(tree)).toEqual(['constructor']);
    expect('a' in {}).toBe(false);
  });

  it('refuses a name of very many levels', () => {
    expect(() => unflattenTree({ ['.'.repeat(100_000)]: x })).toThrow('100001 levels; at most 64');
  });

  it('restores holes, empty parts and numbers of a tree like it', () => {
    const tree = { layers: [{ w: x }, {}, null], rate: 0.5, list: [], 'a.b': x };
    const restored: typeof tree = unflattenTree(flattenTree(tree), tree);
    expect(restored).toEqual(tree);
    expect(restored.rate).toBe(0.5);
  });

  it.each<[string, Record<string, Tensor>, string]>([
    ['is missing', { v: x }, "there is no tensor 'w'"],
    ['is left over', { w: x, v: x, u: x }, "no place for 'v', 'u'"],
    ['has another shape', { w: tensor([1]) }, "'w' has shape [1], the tree given as like has [2]"],
  ])('refuses a tensor that %s', (_, table, message) => {
    expect(() => unflattenTree(table, { w: x })).toThrow(message);
  });
});
