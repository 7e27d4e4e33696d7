// A real provider on loopback: anybody may log in as anybody, by name. Started by tests/providers/processes.py.
import Provider from 'oidc-provider';

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@contoso.test`, email_verified: true, name: `Person ${id}` }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
