/** Signs in by a token, as the sign-in page does; the cookie of the session, for a browser. */
export async function session(url, token) {
  const response = await fetch(`${url}/api/v2/auth/session`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, origin: url, "content-type": "application/json" },
    body: "{}",
  });
  const [name, value] = response.headers.getSetCookie()[0]?.split(";", 1)[0].split("=") ?? [];
  if (value === undefined) throw new Error(`The sign-in answered ${response.status}: ${await response.text()}`);
  return { name, value, domain: new URL(url).hostname, path: "/", httpOnly: true, sameSite: "Strict" };
}
