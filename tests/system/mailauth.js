// mailauth's side of dkim_signing.py: verifies each file of a folder with the records of standard input (JSON, name to text), and
// prints what it says of the signatures of each.
const fs = require("fs");
const path = require("path");
const { dkimVerify } = require("mailauth/lib/dkim/verify");

async function main(folder) {
    const records = JSON.parse(fs.readFileSync(0, "utf8"));
    const resolver = async (name, type) => {
        if (type === "TXT" && records[name]) return [[records[name]]];
        throw Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" });
    };
    const said = {};
    for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".eml")).sort()) {
        const { results } = await dkimVerify(fs.readFileSync(path.join(folder, file)), { resolver });
        said[file] = results.map((result) => result.status.result);
    }
    console.log(JSON.stringify(said));
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });
