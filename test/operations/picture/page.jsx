// The panels of dashboard.json, drawn by Grafana's components in the places that it gives them.
// series.json has for each panel the lines that Prometheus returned: name, times, values.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { applyFieldOverrides, createTheme, FieldType, ThemeContext, toDataFrame } from '@grafana/data';
import { GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import 'uplot/dist/uPlot.min.css';
import dashboard from './dashboard.json';
import { from, to, panels } from './series.json';

const theme = createTheme({ colors: { mode: 'light' } });
const range = { from: { valueOf: () => from }, to: { valueOf: () => to }, raw: {} };
const COLUMN = 50, ROW = 30, GAP = 8;

// What the panel of Grafana assumes where a dashboard says nothing
function config(panel, name) {
  const { custom, ...defaults } = panel.fieldConfig.defaults;
  return { color: { mode: 'palette-classic' }, ...defaults, displayName: name,
    custom: { drawStyle: 'line', lineWidth: 1, ...custom } };
}

function frames(panel, lines) {
  const data = lines.map(({ name, times, values }) => toDataFrame({ fields: [
    { name: 'Time', type: FieldType.time, values: times, config: {} },
    { name, type: FieldType.number, values, config: config(panel, name) },
  ] }));
  return applyFieldOverrides({ data, fieldConfig: { defaults: {}, overrides: [] },
    replaceVariables: (text) => text, theme, timeZone: 'utc' });
}

function Panel({ panel, lines }) {
  const { x, y, w, h } = panel.gridPos;
  return (
    <div style={{ position: 'absolute', left: x * COLUMN, top: y * ROW }}>
      <PanelChrome title={panel.title} width={w * COLUMN - GAP} height={h * ROW - GAP}>
        {(width, height) => lines.length > 0 &&
          <TimeSeries frames={frames(panel, lines)} structureRev={1} width={width} height={height}
            timeRange={range} timeZone="utc" legend={panel.options.legend} options={panel.options} />}
      </PanelChrome>
    </div>
  );
}

createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    {dashboard.panels.map((panel, i) => <Panel key={i} panel={panel} lines={panels[i]} />)}
  </ThemeContext.Provider>);
