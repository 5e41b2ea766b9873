// Calls in progress of many shapes, with the line of each.
const fs = require('fs')
const vm = require('vm')

const kept = []
const open = () => kept.push(fs.openSync('/etc/hostname')) // LINE open

class Reader {
  static #secret () {
    open() // LINE #secret
  }

  get size () {
    Reader.#secret() // LINE get size
    return 1
  }
}

function * numbers () {
  yield new Reader().size // LINE numbers
}

async function waits () {
  await null
  return [...numbers()] // LINE waits
}

const sorted = () => [2, 1].sort(function compares () {
  open() // LINE compares
  return 0
})

function afterwards () {
  sorted() // LINE afterwards
  eval('open()\n\nopen()') // LINE afterwards
  vm.runInThisContext('(open) => {\n open()\n}', { filename: 'made here: now', lineOffset: 6 })(open)
  const ünïcode = () => open() /* “wide” */ // LINE ünïcode
  ünïcode()
}

waits().then(() => {
  afterwards() // LINE <anonymous>
  process.exit(0)
})
