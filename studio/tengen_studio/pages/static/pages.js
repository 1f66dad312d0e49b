// The pages' one script: forms, the star, forking, times in words, and the end of access.
'use strict';

const { root, base, xsrf, lost, project, texts, ended, endedTitle } = document.body.dataset;
const language = document.documentElement.lang;

class Refusal extends Error {}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`${root}/api/${path}`, {
      method,
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', 'X-XSRFToken': xsrf },
      body: body === undefined ? undefined : JSON.stringify(body)
    });
  } catch {
    throw new Refusal(lost);
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) {
    throw new Refusal(answer?.message ?? lost);
  }
  return answer;
}

function tell(place, text, bad) {
  const line = place.querySelector('[data-message]');
  line.textContent = text;
  line.classList.toggle('bad', Boolean(bad));
  line.hidden = false;
}

// The server's refusals are English; the table has the Chinese of those without a value in them.
async function said(message) {
  if (!texts) {
    return message;
  }
  const table = await fetch(texts).then(answer => answer.json(), () => ({}));
  return table[message] ?? message;
}

async function attempt(place, button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    tell(place, error instanceof Refusal ? await said(error.message) : lost, true);
  } finally {
    button.disabled = false;
  }
}

// A page to return to must be one of ours: only its path is used, on this origin.
function go(address) {
  const target = new URL(address || `${root}/`, location.origin);
  const ours = target.origin === location.origin && target.pathname.startsWith(`${root}/`);
  location.assign(ours ? target.pathname + target.search : `${root}/`);
}

// The token stands after the #, which browsers do not send; it leaves the address bar at once.
const fragment = decodeURIComponent(location.hash.slice(1));
if (document.querySelector('[data-form="open"], [data-form="join"]')) {
  history.replaceState(null, '', location.pathname);
}

const forms = {
  open: {
    prepare(form) {
      form.querySelector('[data-when="paste"]').hidden = fragment !== '';
      if (fragment) {
        void attempt(form, form.querySelector('button'), () => forms.open.send(form));
      }
    },
    async send(form) {
      const pasted = form.elements.link.value.trim();
      const token = fragment || pasted.slice(pasted.indexOf('#') + 1);
      const field = form.querySelector('[data-when="password"]');
      const password = field.hidden ? null : form.elements.password.value;
      try {
        const opened = await call('POST', 'links/openings', { token, password });
        go(base.replace(/\/$/, '') + opened.page);
      } catch (error) {
        if (/password/.test(error.message)) {
          field.hidden = false;
          form.elements.password.focus();
        }
        throw error;
      }
    }
  },
  join: {
    async send(form) {
      const { name, password } = form.elements;
      const body = { token: fragment, name: name.value, password: password.value };
      await call('POST', 'people/acceptances', body);
      go('');
    }
  },
  login: {
    async send(form) {
      const { name, password } = form.elements;
      await call('POST', 'people/session', { name: name.value, password: password.value });
      go(new URLSearchParams(location.search).get('next'));
    }
  },
  rename: {
    async send(form) {
      await call('PATCH', 'people/me', { name: form.elements.name.value });
      tell(form, form.dataset.done);
    }
  },
  password: {
    async send(form) {
      const { old, new: fresh } = form.elements;
      await call('PUT', 'people/me/password', { old: old.value, new: fresh.value });
      form.reset();
      tell(form, form.dataset.done);
    }
  }
};

for (const form of document.querySelectorAll('[data-form]')) {
  const kind = forms[form.dataset.form];
  kind.prepare?.(form);
  form.addEventListener('submit', event => {
    event.preventDefault();
    void attempt(form, form.querySelector('button[type=submit]'), () => kind.send(form));
  });
}

function onClick(selector, work) {
  for (const button of document.querySelectorAll(selector)) {
    const place = button.closest('.card') ?? document.querySelector('main');
    button.addEventListener('click', () => void attempt(place, button, () => work(button)));
  }
}

onClick('[data-language]', async button => {
  document.cookie = `tengen-language=${button.dataset.language}; path=${root}/; max-age=31536000; samesite=lax`;
  location.reload();
});

onClick('[data-star]', async button => {
  const given = button.getAttribute('aria-pressed') === 'true';
  const stars = await call(given ? 'DELETE' : 'PUT', `projects/${project}/star`);
  button.setAttribute('aria-pressed', String(stars.starred));
  button.querySelector('[aria-hidden]').textContent = stars.starred ? '★' : '☆';
  button.querySelector('[data-stars]').textContent = stars.stars;
});

onClick('[data-fork]', async button => {
  const { project: made } = await call('POST', `projects/${project}/forks`, {
    version: Number(button.dataset.fork)
  });
  if (made.directory !== null) {
    const folder = made.directory.split('/').map(encodeURIComponent).join('/');
    location.assign(`${base}lab/tree/${folder}`);
  } else {
    go(`${root}/p/${made.id}`);
  }
});

onClick('[data-clear]', async button => {
  await call('PUT', `projects/${project}/versions/${button.dataset.clear}/clearance`);
  location.reload();
});

onClick('[data-end]', async button => {
  await call('DELETE', `people/me/sessions/${button.dataset.end}`);
  button.closest('li').remove();
});

onClick('[data-logout]', async () => {
  await call('DELETE', 'people/session');
  go('');
});

// Buttons sleep until their script listens: an early click is not lost, and the browser does not
// send a form, its password in the address, by itself.
for (const button of document.querySelectorAll('[data-wakes]')) {
  button.disabled = false;
}

const units = [
  ['year', 31536000],
  ['month', 2592000],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60]
];
const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
for (const time of document.querySelectorAll('time[datetime]')) {
  const moment = new Date(time.dateTime);
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  time.title = moment.toLocaleString(language);
  time.textContent = words.format(Math.round(seconds / size), unit);
}

// What the page showed goes as soon as the right to see it does.
function end() {
  const place = document.querySelector('main');
  const title = Object.assign(document.createElement('h1'), { textContent: endedTitle });
  const says = Object.assign(document.createElement('p'), { textContent: ended });
  const box = Object.assign(document.createElement('div'), { className: 'empty' });
  box.append(title, says);
  place.replaceChildren(box);
  document.title = 'Tengen Studio';
}

function watch(pause) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}${root}/api/projects/${project}/live`);
  let opened = false;
  socket.addEventListener('open', () => {
    opened = true;
  });
  socket.addEventListener('close', async event => {
    if (event.code === 4403) {
      end();
      return;
    }
    // A lost connection says nothing about the right; a refused page does.
    const wait = opened ? 1000 : Math.min(pause * 2, 60000);
    setTimeout(async () => {
      const answer = await fetch(location.href, { method: 'GET' }).catch(() => null);
      if (answer !== null && (answer.status === 404 || answer.status === 403)) {
        end();
      } else {
        watch(wait);
      }
    }, wait);
  });
}

if (project) {
  watch(1000);
}
