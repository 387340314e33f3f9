// SPDX-License-Identifier: PostgreSQL
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
// GATEWAY_BYTES		the most of an answer (default 1 MB)
//
// The database is that of PGHOST, PGDATABASE and so on, which the role gateway logs in to.
import express from 'express';
import { rateLimit, ipKeyGenerator } from 'express-rate-limit';
import jwt from 'jsonwebtoken';
import postgraphile from 'postgraphile';

const secret = process.env.GATEWAY_SECRET ?? '';
const port = Number(process.env.GATEWAY_PORT ?? 5000);
const options = { algorithms: ['HS256'], audience: 'lokivector-gateway' };

// What a request may have
const limits = { fields: 50, aliases: 5, levels: 5 };
const maxBytes = Number(process.env.GATEWAY_BYTES ?? 1000000);

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

// What an answer can grow to is bounded: a field comes once more with each alias, and lists of
// lists multiply.  A fragment counts wherever it is used, and walking ends at the first excess,
// as fragments of fragments multiply as well.
function limitSize(context) {
	const found = { fields: 0, aliases: 0, levels: 0 };
	let fragments;

	function excess(node, level) {
		for (const selection of node.selectionSet?.selections ?? []) {
			const isField = selection.kind === 'Field';

			found.fields++;
			found.aliases += selection.alias ? 1 : 0;
			found.levels = Math.max(found.levels, isField ? level : 0);
			const what = Object.keys(limits).find(name => found[name] > limits[name]) ??
				(isField ? excess(selection, level + 1)
					: excess(fragments.get(selection.name?.value) ?? selection, level));
			if (what)
				return what;
		}
		return undefined;
	}

	return {
		Document({ definitions }) {
			fragments = new Map(definitions.filter(d => d.kind === 'FragmentDefinition')
				.map(d => [d.name.value, d]));
			for (const operation of definitions.filter(d => d.kind === 'OperationDefinition')) {
				const what = excess(operation, 1);

				if (what)
					return context.reportError(new Error(`a request may have ${limits[what]} ${what}`));
			}
		}
	};
}

// An answer that is too large is not sent
function limitBytes(result) {
	return Buffer.byteLength(JSON.stringify(result)) <= maxBytes ? result
		: { statusCode: 400, errors: [{ message: `the answer has more than ${maxBytes} bytes; ask for fewer rows or fields` }] };
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
			{
				'postgraphile:validationRules': rules => [...rules, oneField, limitSize],
				'postgraphile:http:result': limitBytes
			}
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
