import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SvgPen } from './svgPen.ts';

test('shapes and texts become SVG, with signs of markup made harmless', () => {
  const pen = new SvgPen(100, 50);
  pen.fillStyle = 'rgb(1,2,3)';
  pen.fillRect(0, 0, 100, 50);
  pen.beginPath();
  pen.moveTo(1, 2);
  pen.bezierCurveTo(1, 5.126, 9, 5, 9, 8);
  pen.stroke();
  pen.font = '600 12.00px "UI", sans-serif';
  pen.fillText('a<b & "c"', 4, 5);
  const text = pen.text();
  assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="100" height="50"/);
  assert.match(text, /<rect x="0" y="0" width="100" height="50" fill="rgb\(1,2,3\)"\/>/);
  assert.match(text, /d="M1 2C1 5\.13 9 5 9 8"/);
  assert.match(
    text,
    /font-weight="600" font-size="12\.00" font-family="&quot;UI&quot;, sans-serif"/
  );
  assert.match(text, />a&lt;b &amp; &quot;c&quot;<\/text>/);
});
