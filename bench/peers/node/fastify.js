// Peer: bare Fastify. No authentication.
const fastify = require('fastify')();
const { job } = require('./jobs');
fastify.get('/jobs/:id', async (request, reply) => job(request.params.id) ?? reply.code(404).send());
fastify.listen({ port: +process.env.PORT, host: '127.0.0.1' });
