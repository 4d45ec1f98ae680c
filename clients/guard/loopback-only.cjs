// Loaded into every node process of a client (NODE_OPTIONS): nothing may leave this machine.
// What is attempted all the same is refused, and written to the file that LOOPBACK_GUARD names.

'use strict'

const dgram = require('node:dgram')
const fs = require('node:fs')
const net = require('node:net')

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/

function refuse (where) {
  if (process.env.LOOPBACK_GUARD) fs.appendFileSync(process.env.LOOPBACK_GUARD, `${process.argv[1]} -> ${where}\n`)
  return new Error(`only loopback is allowed here, not ${where}`)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  // net.connect hands on its arguments as one array, already put in order.
  const [options] = Array.isArray(args[0]) ? args[0] : args
  const { host, port, path } = typeof options === 'object' ? options : { port: options, host: args[1] }
  // A path is a Unix socket; without a host node connects to this machine.
  if (path || !host || LOOPBACK.test(host)) return connect.apply(this, args)
  process.nextTick(() => this.destroy(refuse(`${host}:${port}`)))
  return this
}

dgram.Socket.prototype.send = function () { throw refuse('a datagram') }
