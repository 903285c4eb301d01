// Reads requests from stdin, each as a line of base64, and tells for each what llhttp (the parser of
// Node.js) says: how many messages it found, and whether it refused something.
const { HTTPParser } = require('node:_http_common');
const lines = require('node:fs').readFileSync(0, 'latin1').split('\n').filter((line) => line);
const answers = lines.map((line) => {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {}, 65536, 0);
  let begun = 0, complete = 0, refused = '', upgrade = false;
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, headers, method, url, status, message, isUpgrade) => {
    begun += 1;
    upgrade = upgrade || isUpgrade;
    return 0;
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => { complete += 1; };
  const result = parser.execute(Buffer.from(line, 'base64'));
  if (result instanceof Error) refused = result.code || 'error';
  parser.close();
  return { begun, complete, refused, upgrade };
});
process.stdout.write(JSON.stringify(answers));
