// A log file for each request, in a module; nobody ends them.
import { openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

class Logger {
  constructor (name) {
    this.fd = openSync(join(tmpdir(), `${name}.log`), 'a') // LEAK
  }

  info (text) {
    writeSync(this.fd, `${text}\n`)
  }
}

function handle (request) {
  new Logger('requests').info(request)
}

for (const request of ['a', 'b', 'c', 'd']) handle(request)
