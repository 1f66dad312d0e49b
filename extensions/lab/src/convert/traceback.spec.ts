import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framesOf } from './traceback.ts';

test('the lines of the user are told from those of libraries', () => {
  const frames = framesOf([
    'Traceback (most recent call last):',
    '  File "/opt/lib/python3.11/site-packages/tengen/viz/conversion.py", line 9, in run',
    '    made = convert(target)',
    '           ^^^^^^^^^^^^^^^',
    '  File "/tmp/ipykernel_12/345.py", line 3, in forward',
    "    raise KeyError('mine')",
    '  File "<sample>", line 1, in <module>',
    "KeyError: 'mine'"
  ]);
  assert.deepEqual(
    frames.map(frame => [frame.name, frame.line, frame.own, frame.text]),
    [
      ['run', 9, false, 'made = convert(target)'],
      ['forward', 3, true, "raise KeyError('mine')"],
      ['<module>', 1, false, '']
    ]
  );
});
