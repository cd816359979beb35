// A SCIM 2.0 service on SCIMMY for adsync's integration tests. Everything is kept in memory.
//
//   node server.js [PORT]     PORT 0, the default, is a free one
//
// It prints "listening http://127.0.0.1:PORT/scim/v2" and ends when its standard input closes or on SIGTERM.
// GET /_requests lists the requests so far, one "METHOD path status" a line; DELETE /_requests forgets them.
//
// Environment:
//   SCIMMY_TOKEN      bearer token, compulsory
//   SCIMMY_NO_PATCH   1: PATCH answers 501, and ServiceProviderConfig says so
//   SCIMMY_NO_BULK    1: the same for /Bulk
//   SCIMMY_NO_ETAGS   1: no ETag headers
//   SCIMMY_PAGE_CAP   most rows of a list answer
import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const env = process.env;
const token = env.SCIMMY_TOKEN;
if (!token) {
    console.error("SCIMMY_TOKEN is not set");
    process.exit(2);
}
const noPatch = env.SCIMMY_NO_PATCH === "1";
const noBulk = env.SCIMMY_NO_BULK === "1";
const pageCap = Number(env.SCIMMY_PAGE_CAP ?? 0);

// Table holds the resources of one type; key, if given, is what must be unique, without regard to case.
class Table {
    #rows = new Map();
    #ids = new Map();

    constructor(key) {
        this.key = (row) => (key && row[key] ? row[key].toLowerCase() : undefined);
    }

    get(id) {
        const row = this.#rows.get(id);
        if (!row) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        return structuredClone(row);
    }

    all() {
        return [...this.#rows.values()].map((row) => structuredClone(row));
    }

    put(id, instance) {
        const row = JSON.parse(JSON.stringify(instance));
        const old = id ? this.#rows.get(id) : undefined;
        if (id && !old) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        const key = this.key(row);
        const holder = key && this.#ids.get(key);
        if (holder && holder !== id) throw new SCIMMY.Types.Error(409, "uniqueness", `${key} exists already`);
        row.id = id ?? randomUUID();
        const now = new Date().toISOString();
        row.meta = {created: old?.meta.created ?? now, lastModified: now};
        if (old) this.#ids.delete(this.key(old));
        if (key) this.#ids.set(key, row.id);
        this.#rows.set(row.id, row);
        return structuredClone(row);
    }

    remove(id) {
        this.#ids.delete(this.key(this.get(id)));
        this.#rows.delete(id);
    }
}

function declare(Resource, table) {
    SCIMMY.Resources.declare(Resource)
        .ingress((resource, instance) => table.put(resource.id, instance))
        .egress((resource) => {
            if (resource.id) return table.get(resource.id);
            const all = table.all();
            return resource.filter ? resource.filter.match(all) : all;
        })
        .degress((resource) => table.remove(resource.id));
}

declare(SCIMMY.Resources.User, new Table("userName"));
declare(SCIMMY.Resources.Group, new Table());
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);

const app = express();
if (env.SCIMMY_NO_ETAGS === "1") app.set("etag", false);

let log = [];
function readable(address) {
    try {
        return decodeURIComponent(address.replaceAll("+", " "));
    } catch {
        return address;
    }
}

app.get("/_requests", (req, res) => res.type("text/plain").send(log.join("\n")));
app.delete("/_requests", (req, res) => {
    log = [];
    res.status(204).end();
});

app.use((req, res, next) => {
    // Before the body goes out: whoever has the answer finds its line in the log.
    const end = res.end;
    res.end = (...args) => {
        log.push(`${req.method} ${readable(req.originalUrl)} ${res.statusCode}`);
        return end.apply(res, args);
    };
    if (pageCap > 0 && req.method === "GET" && /\/(Users|Groups)\/?$/.test(req.path)) {
        req.query.count = String(Math.min(Number(req.query.count ?? pageCap), pageCap));
    }
    if (noPatch && req.method === "PATCH") {
        return res.status(501).type("application/scim+json").send(new SCIMMY.Messages.Error({status: 501, message: "PATCH is not supported"}));
    }
    next();
});

let base;
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    baseUri: () => base,
    handler: (req) => {
        if (req.header("Authorization") !== `Bearer ${token}`) throw new Error("wrong bearer token");
    },
}));
// The routers have announced everything they can do; what is switched off is taken back.
SCIMMY.Config.set({
    patch: !noPatch,
    bulk: {supported: !noBulk},
    ...(pageCap > 0 ? {filter: {supported: true, maxResults: pageCap}} : {}),
});

// SCIMMY hands on errors of status 500 that it has answered already; the last word is to say nothing more.
app.use((err, req, res, next) => {
    if (!res.headersSent) res.status(500).end();
});

const server = app.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
    base = `http://127.0.0.1:${server.address().port}`;
    console.log(`listening ${base}/scim/v2`);
});

function stop() {
    server.close();
    server.closeAllConnections();
    process.exit(0);
}
process.stdin.resume();
process.stdin.on("end", stop);
process.stdin.on("close", stop);
process.on("SIGTERM", stop);
