// A GraphQL gateway: PostGraphile over the functions of schema api.
//
//	node gateway.mjs			serves POST /graphql, until it is told to end
//	node gateway.mjs key NAME ROLE PARTS	prints a key, which holds for 30 days
//
// A key is a signed JSON web token.  It names the role that a request runs as, and the parts
// of the manual that row security lets it see.  Clients send it as "Authorization: Bearer KEY".
//
// GATEWAY_SECRET		what keys are signed with, 32 characters at least
// GATEWAY_PORT			on 127.0.0.1; a proxy that ends TLS stands before it (default 5000)
// GATEWAY_RATE			requests a minute of one name (default 60)
//
// The database is that of PGHOST, PGDATABASE and so on, which the role gateway logs in to.
import express from 'express';
import { rateLimit, ipKeyGenerator } from 'express-rate-limit';
import jwt from 'jsonwebtoken';
import postgraphile from 'postgraphile';

const secret = process.env.GATEWAY_SECRET ?? '';
const port = Number(process.env.GATEWAY_PORT ?? 5000);
const options = { algorithms: ['HS256'], audience: 'lokivector-gateway' };

if (secret.length < 32)
	throw new Error('GATEWAY_SECRET has less than 32 characters');

function makeKey(subject, role, parts) {
	return jwt.sign({ role, parts }, secret, { subject, audience: options.audience, expiresIn: '30d' });
}

function refuse(res, status, message) {
	res.status(status).json({ errors: [{ message }] });
}

// Who asks, if the key is good
function identify(req, res, next) {
	const [scheme, token = ''] = (req.get('authorization') ?? '').split(' ');

	try {
		req.key = scheme.toLowerCase() === 'bearer' ? jwt.verify(token, secret, options) : null;
	} catch {
		req.key = null;
	}
	next();
}

function requireKey(req, res, next) {
	if (req.key)
		next();
	else
		refuse(res.set('WWW-Authenticate', 'Bearer'), 401, 'a key is missing, not valid or too old');
}

// One field of the root a request, so that a rate of requests is a rate of searches
function oneField(context) {
	let fields = 0;

	return {
		Field(node) {
			if (context.getParentType() === context.getSchema().getQueryType() && ++fields > 1)
				context.reportError(new Error('a request may ask for one field'));
		}
	};
}

// The status that says what the database thought of a request; of what is no fault of the
// client's, it is told nothing
function statusOf(errors, req, res) {
	return errors.map(error => {
		const code = error.originalError?.code ?? error.code;

		if (code === '42501')
			res.statusCode = 403;
		else if (/^2[23]/.test(code))
			res.statusCode = 400;
		else if (code) {
			console.error(error);
			res.statusCode = code === '57014' ? 503 : 500;
			return { message: 'the request could not be answered' };
		} else if (res.statusCode === 200)
			res.statusCode = 400;
		return { message: error.message };
	});
}

async function serve() {
	const app = express().disable('x-powered-by');
	const limit = rateLimit({
		windowMs: 60000,
		limit: Number(process.env.GATEWAY_RATE ?? 60),
		standardHeaders: true,
		legacyHeaders: false,
		keyGenerator: req => (req.key ? `key ${req.key.sub}` : ipKeyGenerator(req.ip)),
		handler: (req, res) => refuse(res, 429, 'too many requests')
	});

	const graphql = postgraphile.postgraphile({}, 'api', {
		pgSettings: req => ({ role: req.key.role, 'api.parts': req.key.parts }),
		pluginHook: postgraphile.makePluginHook([
			{ 'postgraphile:validationRules': rules => [...rules, oneField] }
		]),
		handleErrors: statusOf,
		simpleCollections: 'only',
		disableDefaultMutations: true,
		enableQueryBatching: false,
		bodySizeLimit: '10kB',
		graphiql: false,
		disableQueryLog: true,
		retryOnInitFail: false
	});

	app.use(identify, limit, requireKey, graphql);
	await graphql.getGraphQLSchema();
	app.listen(port, '127.0.0.1', error => {
		if (error)
			throw error;
		console.log(`listening on http://127.0.0.1:${port}/graphql`);
	});
}

if (process.argv[2] === 'key')
	console.log(makeKey(...process.argv.slice(3)));
else
	await serve();
